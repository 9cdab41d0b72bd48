//! `fields(…)`: annotations.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{
    Error, Expr, Ident, LitStr, Path, Result, Token, braced,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    spanned::Spanned,
    token::Brace,
};

use crate::argument::Format;

/// Characters of an annotation's key.
const MAX_KEY: usize = 500;

/// One annotation: `key = value`, `variable`, `%variable`, `?variable`.
pub(crate) struct Field {
    key: Key,
    value: TokenStream,
    format: Format,
}

enum Key {
    /// `order.id` is `order_id`, since X-Ray has no dots in keys.
    Known(LitStr),
    /// In curly brackets.
    Computed(Expr),
}

impl Field {
    /// The key, if it is known here: an argument of that name is not recorded a second time.
    pub(crate) fn key(&self) -> Option<String> {
        match &self.key {
            Key::Known(key) => Some(key.value()),
            Key::Computed(_) => None,
        }
    }

    pub(crate) fn check_keys(fields: &[Self]) -> Result<()> {
        for (index, field) in fields.iter().enumerate() {
            let Key::Known(key) = &field.key else { continue };
            if fields[..index].iter().any(|other| other.key() == field.key()) {
                return Err(Error::new(
                    key.span(),
                    format!("the field `{}` stands here twice", key.value()),
                ));
            }
        }
        Ok(())
    }

    /// The statement that sets it.
    pub(crate) fn set(&self, entity: &Ident, root: &Path) -> TokenStream {
        let value = &self.value;
        // An error in the value's type is one of the value.
        let span = Span::mixed_site().located_at(value.span());
        let key = match &self.key {
            Key::Known(key) => key.to_token_stream(),
            Key::Computed(key) => key.to_token_stream(),
        };
        let function = Ident::new(
            match self.format {
                Format::Value => "annotate",
                Format::Debug => "annotate_debug",
                Format::Display => "annotate_display",
            },
            span,
        );
        quote_spanned!(span=> #root::__private::#function(#entity, #key, &(#value));)
    }
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let before = sigil(input)?;
        let (key, shorthand) = if input.peek(Brace) {
            let content;
            braced!(content in input);
            (Key::Computed(content.parse()?), None)
        } else if input.peek(LitStr) {
            (Key::Known(checked(input.parse()?)?), None)
        } else {
            let words = Punctuated::<Ident, Token![.]>::parse_separated_nonempty_with(
                input,
                Ident::parse_any,
            )?;
            let names: Vec<String> = words.iter().map(|word| word.unraw().to_string()).collect();
            let key = checked(LitStr::new(&names.join("_"), words.span()))?;
            (Key::Known(key), Some(words.into_token_stream()))
        };
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            let format = sigil(input)?.or(before).unwrap_or(Format::Value);
            return Ok(Self { key, value: input.parse::<Expr>()?.into_token_stream(), format });
        }
        match shorthand {
            Some(value) => Ok(Self { key, value, format: before.unwrap_or(Format::Value) }),
            None => Err(input.error("expected `=` and a value")),
        }
    }
}

fn sigil(input: ParseStream<'_>) -> Result<Option<Format>> {
    if input.peek(Token![%]) {
        input.parse::<Token![%]>()?;
        return Ok(Some(Format::Display));
    }
    if input.peek(Token![?]) {
        input.parse::<Token![?]>()?;
        return Ok(Some(Format::Debug));
    }
    Ok(None)
}

fn checked(key: LitStr) -> Result<LitStr> {
    let text = key.value();
    let taken = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if text.is_empty() || !taken || text.len() > MAX_KEY {
        return Err(Error::new(
            key.span(),
            format!("the key of an annotation is ASCII letters, digits and _, at most {MAX_KEY}"),
        ));
    }
    Ok(key)
}
