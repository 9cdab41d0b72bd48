//! X-Ray filter expressions: the whole grammar is parsed, and traces are held against it.
//!
//! `service("orders") { fault AND responsetime > 0.5 } OR annotation.cart = "42"`: the precedence is
//! `!`, then AND (written or implied by two terms side by side), then OR. Keywords and operators are
//! read in any case; strings compare case-sensitively. A field with several values matches if any of
//! them does; `!=` asks for a field that is set and has no such value.

mod ast;
mod error;
mod eval;
mod keyword;
mod lexer;
mod parser;
mod print;
mod term;
#[cfg(test)]
mod tests;
mod view;

use std::fmt;

pub(crate) use error::FilterError;
pub(crate) use view::{AnnotationRef, EdgeView, EntityView, Flag, Number, Text, TraceView};

/// The longest text that is parsed, in bytes.
pub(crate) const MAX_TEXT: usize = 4096;
/// How deep parentheses, blocks and negations may nest.
const MAX_NESTING: usize = 32;
/// How many terms one expression may have.
const MAX_TERMS: usize = 256;

/// A filter expression that can be held against traces.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filter {
    expr: ast::Expr,
}

impl Filter {
    /// Parses a text of at most 4 KB, 256 terms and nesting 32.
    ///
    /// # Errors
    ///
    /// With the byte, what was expected and what was probably meant; also for `rootcause.*` and
    /// `group.*`, which are correct X-Ray but are not evaluated yet.
    pub(crate) fn parse(text: &str) -> Result<Self, FilterError> {
        let parsed = parser::parse(text)?;
        match parsed.unsupported {
            Some((offset, what)) => Err(FilterError::unsupported(offset, what)),
            None => Ok(Self { expr: parsed.expr }),
        }
    }

    /// Whether the trace matches.
    pub(crate) fn matches(&self, trace: &dyn TraceView) -> bool {
        eval::trace(&self.expr, trace)
    }
}

impl fmt::Display for Filter {
    /// The canonical text, which parses to the same filter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}
