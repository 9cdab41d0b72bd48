//! `xray-macros` holds the attribute `#[subsegment]`; use it through `xray-core`, or through the
//! integration that your app names, which re-export it.

#![expect(
    missing_docs,
    reason = "the crates that re-export them say it, where examples can compile"
)]

mod argument;
mod body;
mod field;
mod function;
mod parameter;
mod returns;

use proc_macro::TokenStream;
use syn::Path;

use crate::{argument::Arguments, function::Function};

#[proc_macro_attribute]
pub fn subsegment(arguments: TokenStream, item: TokenStream) -> TokenStream {
    recorded(arguments, item, &syn::parse_quote!(::xray_core))
}

// An app that names an integration only has no crate `xray_core` that a path could begin with, and an
// attribute cannot see by which path it was called. So each integration has one of its own to re-export.

#[proc_macro_attribute]
pub fn subsegment_of_tower(arguments: TokenStream, item: TokenStream) -> TokenStream {
    recorded(arguments, item, &syn::parse_quote!(::xray_tower::xray_core))
}

#[proc_macro_attribute]
pub fn subsegment_of_actix(arguments: TokenStream, item: TokenStream) -> TokenStream {
    recorded(arguments, item, &syn::parse_quote!(::xray_actix::xray_core))
}

#[proc_macro_attribute]
pub fn subsegment_of_lambda(arguments: TokenStream, item: TokenStream) -> TokenStream {
    recorded(arguments, item, &syn::parse_quote!(::xray_lambda::xray_core))
}

/// The function with what records it; with a mistake, the function as it was and the error, so that
/// nothing else seems to be missing.
fn recorded(arguments: TokenStream, item: TokenStream, root: &Path) -> TokenStream {
    let expanded = syn::parse::<Arguments>(arguments)
        .and_then(|arguments| syn::parse::<Function>(item.clone())?.record(&arguments, root));
    expanded.map_or_else(
        |error| {
            let mut tokens = TokenStream::from(error.into_compile_error());
            tokens.extend(item);
            tokens
        },
        TokenStream::from,
    )
}
