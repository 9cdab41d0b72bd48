//! The function that is recorded.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{TokenStreamExt, quote};
use syn::{
    Attribute, Error, Ident, LitStr, Path, Result, Signature, Token, Visibility, braced,
    parse::{Parse, ParseStream},
    token::Brace,
};

use crate::{argument::Arguments, body::Recording, parameter::Parameters};

/// A function whose body stays as it stands, so that one that is being typed does no harm.
pub(crate) struct Function {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    signature: Signature,
    brace: Brace,
    inner: Vec<Attribute>,
    body: TokenStream,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let span = input.span();
        if input.peek(Token![impl]) || input.peek(Token![trait]) {
            return Err(Error::new(
                span,
                "`#[subsegment]` records a function: put it on each method that is to be recorded",
            ));
        }
        if !is_function(input)? {
            return Err(Error::new(
                span,
                "`#[subsegment]` records a function or a method; this is none",
            ));
        }
        let signature: Signature = input.parse()?;
        if let Some(word) = signature.constness {
            return Err(Error::new_spanned(
                word,
                "a `const fn` cannot be recorded: it may run while the program is compiled; remove \
                 `const`, or record its caller",
            ));
        }
        if input.peek(Token![;]) {
            return Err(Error::new_spanned(
                &signature.ident,
                "a method without a body cannot be recorded: put `#[subsegment]` on its implementations",
            ));
        }
        let content;
        let brace = braced!(content in input);
        let inner = content.call(Attribute::parse_inner)?;
        Ok(Self { attributes, visibility, signature, brace, inner, body: content.parse()? })
    }
}

/// Whether `fn` comes after the words that may stand before it.
fn is_function(input: ParseStream<'_>) -> Result<bool> {
    let ahead = input.fork();
    while !ahead.peek(Token![fn]) {
        let qualifies = ahead.peek(Token![const])
            || ahead.peek(Token![async])
            || ahead.peek(Token![unsafe])
            || ahead.peek(Token![extern])
            || ahead.peek(LitStr);
        if !qualifies {
            return Ok(false);
        }
        ahead.parse::<TokenTree>()?;
    }
    Ok(true)
}

impl Function {
    /// The same function, recorded.
    pub(crate) fn record(&self, arguments: &Arguments, root: &Path) -> Result<TokenStream> {
        let Self { attributes, visibility, signature, brace, inner, body } = self;
        let parameters = Parameters::of(signature);
        parameters.check(arguments)?;
        let recording = Recording {
            arguments,
            parameters,
            signature,
            root: arguments.root.as_ref().unwrap_or(root),
            entity: Ident::new("entity", Span::mixed_site()),
        };
        let recorded = recording.body(body)?;
        let mut function = quote!(#(#attributes)* #visibility #signature);
        brace.surround(&mut function, |tokens| {
            tokens.append_all(inner);
            tokens.append_all(recorded);
        });
        Ok(function)
    }
}
