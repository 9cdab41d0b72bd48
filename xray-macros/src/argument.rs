//! What stands in the brackets, after `#[tracing::instrument]`.

use proc_macro2::Span;
use quote::{ToTokens, quote};
use syn::{
    Error, Ident, LitStr, Path, Result, Token,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    token::Paren,
};

use crate::field::Field;

/// Characters of a name, as X-Ray takes them.
const MAX_NAME: usize = 200;

#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) name: Option<Name>,
    pub(crate) skip: Skip,
    pub(crate) fields: Vec<Field>,
    /// Whether errors are recorded, and how.
    pub(crate) err: Option<Format>,
    /// Whether what is returned is recorded, and how.
    pub(crate) ret: Option<Format>,
    /// Where `xray_core` is found.
    pub(crate) root: Option<Path>,
}

#[derive(Default)]
pub(crate) enum Skip {
    #[default]
    Nothing,
    These(Vec<Ident>),
    All,
}

pub(crate) enum Name {
    Text(LitStr),
    Constant(Path),
}

/// How a value is made text.
#[derive(Clone, Copy)]
pub(crate) enum Format {
    /// Numbers and texts as they are, all else by `Debug`; an error with its causes.
    Value,
    Debug,
    Display,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut arguments = Self::default();
        let mut seen: Vec<String> = Vec::new();
        while !input.is_empty() {
            let (word, span) = if input.peek(LitStr) {
                ("name".to_owned(), input.span())
            } else {
                let word = input.call(Ident::parse_any)?;
                (word.to_string(), word.span())
            };
            if seen.contains(&word) {
                return Err(Error::new(span, format!("`{word}` stands here twice")));
            }
            arguments.parse_one(&word, span, input)?;
            seen.push(word);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

impl Arguments {
    fn parse_one(&mut self, word: &str, span: Span, input: ParseStream<'_>) -> Result<()> {
        match word {
            "name" => {
                // `#[instrument]` takes a name without the word as well.
                if !input.peek(LitStr) {
                    input.parse::<Token![=]>()?;
                }
                self.name = Some(input.parse()?);
            }
            "skip" | "skip_all" if !matches!(self.skip, Skip::Nothing) => {
                return Err(Error::new(
                    span,
                    "`skip_all` leaves nothing to `skip`: keep one of them",
                ));
            }
            "skip" => self.skip = Skip::These(list(input, Ident::parse_any)?),
            "skip_all" => self.skip = Skip::All,
            "fields" => {
                self.fields = list(input, Field::parse)?;
                Field::check_keys(&self.fields)?;
            }
            "err" => self.err = Some(Format::parse_in_brackets(input)?),
            "ret" => self.ret = Some(Format::parse_in_brackets(input)?),
            "crate" => {
                input.parse::<Token![=]>()?;
                self.root = Some(input.call(Path::parse_mod_style)?);
            }
            "level" | "target" => {
                return Err(Error::new(
                    span,
                    format!(
                        "a subsegment has no `{word}`: all are recorded if the request is; remove it"
                    ),
                ));
            }
            "parent" | "follows_from" => {
                return Err(Error::new(
                    span,
                    format!(
                        "a subsegment has no `{word}`: it belongs to what is current where it begins, \
                         which `in_current_segment()` hands to spawned work"
                    ),
                ));
            }
            _ => {
                return Err(Error::new(
                    span,
                    format!(
                        "`{word}` is no argument of `#[subsegment]`: these are `name = \"…\"`, \
                         `skip(…)`, `skip_all`, `fields(…)`, `err`, `ret` and `crate = …`"
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// What stands in round brackets, with commas between.
fn list<T>(input: ParseStream<'_>, item: fn(ParseStream<'_>) -> Result<T>) -> Result<Vec<T>> {
    let content;
    parenthesized!(content in input);
    Ok(Punctuated::<T, Token![,]>::parse_terminated_with(&content, item)?.into_iter().collect())
}

impl Format {
    fn parse_in_brackets(input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(Paren) {
            return Ok(Self::Value);
        }
        let content;
        parenthesized!(content in input);
        let word: Ident = content.parse()?;
        let format = match word.to_string().as_str() {
            "Debug" => Self::Debug,
            "Display" => Self::Display,
            "level" => {
                return Err(Error::new(word.span(), "a subsegment has no `level`: remove it"));
            }
            _ => return Err(Error::new(word.span(), "expected `Debug` or `Display`")),
        };
        if content.is_empty() { Ok(format) } else { Err(content.error("expected `)`")) }
    }
}

impl Parse for Name {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(LitStr) {
            return input.call(Path::parse_mod_style).map(Self::Constant).map_err(|error| {
                Error::new(error.span(), "expected a text, or the path of a constant that is one")
            });
        }
        let text: LitStr = input.parse()?;
        let name = text.value();
        let taken =
            |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/%&#=+\\-@".contains(c);
        let mistake = if let Some(c) = name.chars().find(|&c| !taken(c)) {
            format!(
                "X-Ray does not take {c:?} in a name: letters, digits, spaces and _.:/%&#=+\\-@ only"
            )
        } else if name.trim().is_empty() {
            "the name of a subsegment is empty: remove it to take the function's".to_owned()
        } else if name.chars().count() > MAX_NAME {
            format!("the name of a subsegment has at most {MAX_NAME} characters")
        } else {
            return Ok(Self::Text(text));
        };
        Err(Error::new(text.span(), mistake))
    }
}

impl ToTokens for Name {
    fn to_tokens(&self, tokens: &mut proc_macro2::TokenStream) {
        match self {
            Self::Text(text) => text.to_tokens(tokens),
            Self::Constant(path) => tokens.extend(quote!(#path)),
        }
    }
}
