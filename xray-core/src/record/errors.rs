//! Errors and panics, as exceptions of an entity.

use std::{
    any::type_name,
    borrow::Cow,
    error::Error,
    fmt::{self, Write},
    panic::{AssertUnwindSafe, Location, catch_unwind},
};

use super::{Entity, data::flag};
use crate::{
    SegmentId,
    document::{Exception, MAX_EXCEPTION_CHAIN, MAX_SHORT_TEXT, StackFrame, cut},
};

impl Entity {
    /// Records an error with the errors that caused it. The entity becomes a fault, unless the
    /// status of its response turns out to be a 4xx.
    ///
    /// ```
    /// # use xray_core::Entity;
    /// if let Err(error) = "x".parse::<u32>() {
    ///     Entity::current().record_error(&error);
    /// }
    /// ```
    #[track_caller]
    pub fn record_error<E: Error + ?Sized>(&self, error: &E) {
        if !self.is_sampled() {
            return;
        }
        let location = Location::caller();
        let frame =
            StackFrame { path: location.file().into(), line: location.line(), label: "".into() };
        let chain = describe(error.source());
        self.push_exceptions(
            exception(type_name::<E>(), || error.to_string(), vec![frame]),
            chain,
            flag::EXCEPTION,
        );
    }

    /// Records an error that a framework hands over as a trait object.
    pub(crate) fn record_dyn_error(&self, error: &(dyn Error + 'static)) {
        if !self.is_sampled() {
            return;
        }
        let mut chain = describe(Some(error));
        let first = chain.remove(0);
        self.push_exceptions(first, chain, flag::EXCEPTION);
    }

    /// Records an exception that is no Rust error.
    pub(crate) fn record_exception(&self, kind: &'static str, message: &str, fault: bool) {
        let bit = if fault { flag::EXCEPTION } else { flag::ERROR };
        self.push_exceptions(exception(kind, || message.to_owned(), Vec::new()), Vec::new(), bit);
    }

    fn push_exceptions(&self, mut first: Exception, mut chain: Vec<Exception>, bit: u8) {
        first.cause = chain.first().map(|next| next.id);
        if chain.len() >= MAX_EXCEPTION_CHAIN {
            let skipped = chain.split_off(MAX_EXCEPTION_CHAIN - 1);
            if let Some(last) = chain.last_mut() {
                last.skipped = skipped.len() as u32;
                last.cause = None;
            }
        }
        let bytes =
            first.message.len() + chain.iter().map(|link| link.message.len()).sum::<usize>();
        self.change_rest(bytes, |rest| {
            rest.exceptions.push(first);
            rest.exceptions.append(&mut chain);
        });
        self.flag(bit);
    }
}

/// Describes an error's causes, each linked to the next.
fn describe(mut next: Option<&(dyn Error + 'static)>) -> Vec<Exception> {
    let mut chain: Vec<Exception> = Vec::new();
    // Some more than are kept, so that the rest is counted, and an end for chains without one.
    while let Some(error) = next.filter(|_| chain.len() < 10 * MAX_EXCEPTION_CHAIN) {
        let mut exception = exception("Error", || error.to_string(), Vec::new());
        if let Some(name) = type_shown_by_debug(error) {
            exception.kind = Cow::Owned(name);
        }
        if let Some(before) = chain.last_mut() {
            before.cause = Some(exception.id);
        }
        chain.push(exception);
        next = error.source();
    }
    chain
}

/// The type of an error that is only known as a trait object: what a derived `Debug` begins with.
fn type_shown_by_debug(error: &(dyn Error + 'static)) -> Option<String> {
    // The `Debug` of this one names its inner variants.
    if error.is::<std::io::Error>() {
        return Some("std::io::Error".into());
    }
    let mut text = Start(String::new());
    // It ends with an error where enough was read, which is no failure.
    let written = catch_unwind(AssertUnwindSafe(|| write!(text, "{error:?}")));
    let end = text.0.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.0.len());
    let (name, rest) = text.0.split_at(end);
    let derived = name.starts_with(|c: char| c.is_ascii_uppercase())
        && (rest.is_empty() || rest.starts_with('(') || rest.starts_with(" {"));
    (written.is_ok() && derived).then(|| name.to_owned())
}

/// Keeps the start of a text that may be long.
struct Start(String);

impl Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(cut(text, MAX_SHORT_TEXT));
        if self.0.len() < MAX_SHORT_TEXT { Ok(()) } else { Err(fmt::Error) }
    }
}

fn exception(
    kind: &'static str,
    message: impl FnOnce() -> String,
    stack: Vec<StackFrame>,
) -> Exception {
    let message = catch_unwind(AssertUnwindSafe(message))
        .unwrap_or_else(|_| "the error's Display panicked".into());
    Exception {
        id: SegmentId::random(),
        message,
        kind: Cow::Borrowed(kind),
        remote: false,
        truncated: 0,
        skipped: 0,
        cause: None,
        stack,
    }
}
