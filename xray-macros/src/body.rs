//! What the function's body becomes.
//!
//! Names of our own stand at `mixed_site`, so that the function's code sees none of them, and all that
//! is not the user's is named from the root of `xray_core`, so that it does not matter what the user
//! calls `Result`, `Some` or `std`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{
    Block, Error, Expr, Ident, Path, Result, ReturnType, Signature, Stmt, Type, ext::IdentExt,
    parse::Parser, spanned::Spanned,
};

use crate::{
    argument::{Arguments, Format},
    parameter::Parameters,
    returns::{Returned, erased, is_awaitable},
};

pub(crate) struct Recording<'a> {
    pub(crate) arguments: &'a Arguments,
    pub(crate) parameters: Parameters,
    pub(crate) signature: &'a Signature,
    /// Where `xray_core` is found.
    pub(crate) root: &'a Path,
    /// The handle, in what is generated.
    pub(crate) entity: Ident,
}

impl Recording<'_> {
    pub(crate) fn body(&self, body: &TokenStream) -> Result<TokenStream> {
        if let (Some(_), ReturnType::Default) = (self.arguments.err, &self.signature.output) {
            return Err(Error::new(
                self.signature.ident.span(),
                "`err` records the error of a `Result`, and this function returns nothing",
            ));
        }
        let returns = &self.signature.output;
        if self.signature.asyncness.is_some() {
            return Ok(self.future(body, Some(&erased(returns))));
        }
        if let Some(returned) = Returned::of(returns) {
            return Ok(match only_async_block(body) {
                Some(block) => self.async_block(&block, &returned),
                None => self.made_future(body, &returned),
            });
        }
        Ok(self.call(body))
    }

    /// Of a plain function.
    fn call(&self, body: &TokenStream) -> TokenStream {
        let begin = self.begin();
        let returned = erased(&self.signature.output);
        let work = quote_spanned!(Span::mixed_site()=> call.run(move || -> #returned { #body }));
        self.outcome_of(&begin, &work)
    }

    /// Of an async function, and of an async block.
    fn future(&self, body: &TokenStream, output: Option<&Type>) -> TokenStream {
        let begin = self.begin();
        let root = self.root;
        // Tells the compiler the type, since an async block cannot.
        let edge = output.filter(|output| !matches!(output, Type::Infer(_) | Type::Never(_))).map(|output| {
            quote_spanned!(Span::mixed_site()=> if false { return #root::__private::never::<#output>(); })
        });
        // That an async function returns a future is no mistake to Clippy, and of an async block it is one.
        // No more than needed, since a user may forbid that lints are allowed.
        let allow = is_awaitable(&self.signature.output)
            .then(|| quote_spanned!(Span::mixed_site()=> #[allow(clippy::async_yields_async)]));
        let make = quote_spanned! {Span::mixed_site()=>
            #allow
            let work = async move { #edge #body };
        };
        let followed = quote_spanned!(Span::mixed_site()=> call.follow(work).await);
        self.outcome_of(&quote_spanned!(Span::mixed_site()=> #begin #make), &followed)
    }

    /// Of a function that is one async block, as `async_trait` makes them: an async function but for
    /// its look.
    fn async_block(&self, block: &AsyncBlock, returned: &Returned) -> TokenStream {
        let statements = &block.block.stmts;
        let body = quote_spanned!(Span::mixed_site()=> #(#statements)*);
        let recorded = self.future(&body, returned.output.as_ref());
        let future = quote_spanned!(Span::mixed_site()=> async move { #recorded });
        match &block.pin {
            Some(pin) => quote_spanned!(Span::mixed_site()=> #pin(#future)),
            None => future,
        }
    }

    /// Of a function that gets its future elsewhere: what it does itself is recorded as well, so the
    /// subsegment begins with the call.
    fn made_future(&self, body: &TokenStream, returned: &Returned) -> TokenStream {
        let begin = self.begin();
        let root = self.root;
        let made = erased(&self.signature.output);
        let output = returned.output.iter();
        let site = Span::mixed_site();
        let followed = quote_spanned!(site=> call.follow(work).await);
        let followed = self.outcome_of_type(&followed, &quote_spanned!(site=> #(: #output)*));
        let future = quote_spanned!(site=> async move { #followed });
        let future = if returned.boxed {
            quote_spanned!(site=> #root::__private::Box::pin(#future))
        } else {
            future
        };
        quote_spanned! {site=>
            #begin
            let work = call.run(move || -> #made { #body });
            #future
        }
    }

    /// Begins the subsegment and records what is known before the code runs.
    fn begin(&self) -> TokenStream {
        let Self { root, entity, arguments, signature, .. } = self;
        let name = match &arguments.name {
            Some(name) => name.to_token_stream(),
            None => signature.ident.unraw().to_string().to_token_stream(),
        };
        let given = self.parameters.record(arguments, entity, root);
        let fields = arguments.fields.iter().map(|field| field.set(entity, root));
        let record = quote_spanned!(Span::mixed_site()=> #given #(#fields)*);
        let record = self.if_recorded(&record);
        quote_spanned! {Span::mixed_site()=>
            let call = #root::__private::Call::begin(#name);
            #record
        }
    }

    fn if_recorded(&self, record: &TokenStream) -> TokenStream {
        let Self { root, entity, .. } = self;
        if record.is_empty() {
            return TokenStream::new();
        }
        quote_spanned! {Span::mixed_site()=>
            if let #root::__private::Option::Some(#entity) = call.recorded() {
                #record
            }
        }
    }

    fn outcome_of(&self, begin: &TokenStream, work: &TokenStream) -> TokenStream {
        let outcome = self.outcome_of_type(work, &TokenStream::new());
        quote_spanned!(Span::mixed_site()=> #begin #outcome)
    }

    /// The work, and what is recorded of how it turned out.
    fn outcome_of_type(&self, work: &TokenStream, ty: &TokenStream) -> TokenStream {
        let Self { root, entity, arguments, signature, .. } = self;
        // Errors in these lines are errors of the return type, and it is where errors are said to be.
        let place = match &signature.output {
            ReturnType::Default => signature.ident.span(),
            ReturnType::Type(_, returned) => returned.span(),
        };
        let site = Span::mixed_site().located_at(place);
        let record = match (arguments.err, arguments.ret) {
            (None, None) if ty.is_empty() => return work.clone(),
            (None, None) => TokenStream::new(),
            (None, Some(ret)) => {
                let ret = returned(ret, root, entity, site);
                quote_spanned!(site=> let value = &output; #ret)
            }
            (Some(err), None) => {
                let err = failed(err, root, entity, site);
                quote_spanned! {site=>
                    if let #root::__private::Result::Err(error) =
                        #root::__private::outcome(&output)
                    {
                        #err
                    }
                }
            }
            (Some(err), Some(ret)) => {
                let err = failed(err, root, entity, site);
                let ret = returned(ret, root, entity, site);
                quote_spanned! {site=>
                    match #root::__private::outcome(&output) {
                        #root::__private::Result::Ok(value) => { #ret }
                        #root::__private::Result::Err(error) => { #err }
                    }
                }
            }
        };
        let record = self.if_recorded(&record);
        quote_spanned! {Span::mixed_site()=>
            let output #ty = #work;
            #record
            output
        }
    }
}

fn failed(format: Format, root: &Path, entity: &Ident, site: Span) -> TokenStream {
    match format {
        Format::Value => quote_spanned! {site=>
            {
                use #root::__private::{ByDisplay as _, ByError as _, ByHolder as _};
                (&&&#root::__private::Failed(error)).way().record(#entity, error);
            }
        },
        Format::Debug => quote_spanned!(site=> #root::__private::failed_debug(#entity, error);),
        Format::Display => quote_spanned!(site=> #root::__private::failed_display(#entity, error);),
    }
}

fn returned(format: Format, root: &Path, entity: &Ident, site: Span) -> TokenStream {
    let value = match format {
        Format::Value => given(&quote_spanned!(site=> value), root, site),
        Format::Debug => quote_spanned!(site=> #root::__private::debug(value)),
        Format::Display => quote_spanned!(site=> #root::__private::display(value)),
    };
    quote_spanned!(site=> #root::__private::returned(#entity, #value);)
}

/// A value as its type tells: see `xray_core`'s `Given`.
pub(crate) fn given(value: &TokenStream, root: &Path, site: Span) -> TokenStream {
    quote_spanned! {site=>
        {
            use #root::__private::{ByDebug as _, ByValue as _};
            let given = &#value;
            (&&#root::__private::Given(given)).way().value(given)
        }
    }
}

/// `async move { … }`, or `Box::pin(async move { … })`.
struct AsyncBlock {
    /// `Box::pin`.
    pin: Option<TokenStream>,
    block: Block,
}

/// The block, if the body is nothing else.
fn only_async_block(body: &TokenStream) -> Option<AsyncBlock> {
    let mut statements = Block::parse_within.parse2(body.clone()).ok()?.into_iter();
    let (Some(Stmt::Expr(expression, None)), None) = (statements.next(), statements.next()) else {
        return None;
    };
    match expression {
        Expr::Async(of) if of.capture.is_some() => Some(AsyncBlock { pin: None, block: of.block }),
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else { return None };
            let mut names = path.path.segments.iter().rev().map(|segment| &segment.ident);
            if names.next()? != "pin" || names.next()? != "Box" || call.args.len() != 1 {
                return None;
            }
            match call.args.into_iter().next()? {
                Expr::Async(of) if of.capture.is_some() => {
                    Some(AsyncBlock { pin: Some(call.func.into_token_stream()), block: of.block })
                }
                _ => None,
            }
        }
        _ => None,
    }
}
