//! The arguments of the function, by name.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, FnArg, Ident, Pat, Path, Result, Signature, ext::IdentExt};

use crate::{
    argument::{Arguments, Skip},
    body::given,
};

/// The names that the arguments bind, without `self`.
pub(crate) struct Parameters {
    names: Vec<Ident>,
    has_self: bool,
}

impl Parameters {
    pub(crate) fn of(signature: &Signature) -> Self {
        let mut names = Vec::new();
        for argument in &signature.inputs {
            if let FnArg::Typed(typed) = argument {
                bound(&typed.pat, &mut names);
            }
        }
        Self { names, has_self: signature.receiver().is_some() }
    }

    /// A name that is skipped must be there.
    pub(crate) fn check(&self, arguments: &Arguments) -> Result<()> {
        let Skip::These(skipped) = &arguments.skip else { return Ok(()) };
        // `async_trait` has taken patterns apart, and their names are gone.
        if self.names.iter().any(|name| name.to_string().starts_with("__arg")) {
            return Ok(());
        }
        for (index, name) in skipped.iter().enumerate() {
            if skipped[..index].contains(name) {
                return Err(Error::new(name.span(), format!("`{name}` is skipped twice")));
            }
            let is_there = self.names.contains(name) || (self.has_self && name == "self");
            if !is_there {
                return Err(Error::new(name.span(), self.not_there(name)));
            }
        }
        Ok(())
    }

    fn not_there(&self, name: &Ident) -> String {
        let names: Vec<String> = self.names.iter().map(|name| format!("`{name}`")).collect();
        match names.len() {
            0 => format!("no argument is named `{name}`: there is none to skip"),
            _ => format!("no argument is named `{name}`: there is {}", names.join(", ")),
        }
    }

    /// The statement that records them: nothing if there are none.
    pub(crate) fn record(&self, arguments: &Arguments, entity: &Ident, root: &Path) -> TokenStream {
        let recorded = |name: &&Ident| {
            let text = name.unraw().to_string();
            let skipped = match &arguments.skip {
                Skip::Nothing => false,
                Skip::These(names) => names.contains(name),
                Skip::All => true,
            };
            // One that begins with `_` is not used, as the compiler sees it.
            let is_field = arguments.fields.iter().any(|field| field.key().as_ref() == Some(&text));
            !skipped && !is_field && !text.starts_with('_')
        };
        let values = self.names.iter().filter(recorded).map(|name| {
            let key = name.unraw().to_string();
            let span = Span::mixed_site().located_at(name.span());
            let value = given(&quote!(#name), root, span);
            quote_spanned!(span=> (#key, #value))
        });
        let values: Vec<TokenStream> = values.collect();
        if values.is_empty() {
            return TokenStream::new();
        }
        quote_spanned! {Span::mixed_site()=>
            #root::__private::arguments(#entity, [#(#values),*]);
        }
    }
}

/// The names of a pattern that cannot fail; the compiler speaks of others.
fn bound(pattern: &Pat, names: &mut Vec<Ident>) {
    match pattern {
        Pat::Ident(name) => names.push(name.ident.clone()),
        Pat::Reference(inner) => bound(&inner.pat, names),
        Pat::Paren(inner) => bound(&inner.pat, names),
        Pat::Type(inner) => bound(&inner.pat, names),
        Pat::Struct(inner) => inner.fields.iter().for_each(|field| bound(&field.pat, names)),
        Pat::Tuple(inner) => inner.elems.iter().for_each(|one| bound(one, names)),
        Pat::TupleStruct(inner) => inner.elems.iter().for_each(|one| bound(one, names)),
        Pat::Slice(inner) => inner.elems.iter().for_each(|one| bound(one, names)),
        _ => {}
    }
}
