//! Errors and panics, as exceptions of an entity.

use std::{
    any::type_name,
    backtrace::{Backtrace, BacktraceStatus},
    borrow::Cow,
    error::Error,
    fmt::{self, Write},
    panic::{AssertUnwindSafe, Location, catch_unwind},
    sync::Arc,
};

use super::{Entity, data::flag, exceptions::Known};
use crate::document::{Exception, MAX_EXCEPTION_CHAIN, MAX_SHORT_TEXT, cut};

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
        let mut first = exception(type_name::<E>(), || error.to_string());
        first = first.frame(location.file(), location.line(), "");
        first.backtrace = captured();
        self.describe(first, describe(error.source()));
    }

    /// Records an exception that is no Rust error, and those that caused it. One that this or another
    /// entity of the segment has described is not described again: the entity names it by its id.
    ///
    /// ```
    /// use xray_core::{Entity, document::Exception};
    ///
    /// let refused = Exception::new("PaymentRefused", "the card has expired").remote();
    /// Entity::current().record_exceptions(&[refused]);
    /// ```
    pub fn record_exceptions(&self, chain: &[Exception]) {
        if self.is_sampled() {
            self.push_exceptions(&shortened(chain.to_vec()), flag::EXCEPTION, Known::ById);
        }
    }

    /// Records an error that a framework hands over as a trait object.
    pub(crate) fn record_dyn_error(&self, error: &(dyn Error + 'static)) {
        if !self.is_sampled() {
            return;
        }
        let mut chain = describe(Some(error));
        let mut first = chain.remove(0);
        first.backtrace = captured();
        self.describe(first, chain);
    }

    /// Records an end that no error value stands for.
    pub(crate) fn record_failure(&self, kind: &'static str, message: &str, fault: bool) {
        if !self.is_sampled() {
            return;
        }
        let bit = if fault { flag::EXCEPTION } else { flag::ERROR };
        self.push_chain(vec![Exception::new(kind, message)], bit);
    }

    fn describe(&self, first: Exception, mut causes: Vec<Exception>) {
        causes.insert(0, first);
        self.push_chain(causes, flag::EXCEPTION);
    }

    /// Records exceptions of which each caused the one before.
    fn push_chain(&self, mut chain: Vec<Exception>, bit: u8) {
        if let Some(sources) = self.sources().filter(|sources| sources.gives_ids()) {
            chain.iter_mut().for_each(|exception| exception.id = sources.segment_id());
        }
        for index in 1..chain.len() {
            chain[index - 1].cause = Some(chain[index].id);
        }
        self.push_exceptions(&shortened(chain), bit, Known::ByText);
    }

    fn push_exceptions(&self, chain: &[Exception], bit: u8, known: Known) {
        let bytes = chain.iter().map(exception_size).sum();
        self.change(bytes, |record, index| {
            record.other_bytes += bytes;
            record.add_exceptions(index, chain, known);
            record.entities[index as usize].flags |= bit;
        });
    }
}

/// The first exceptions of a chain; the last one counts those that are left out.
fn shortened(mut chain: Vec<Exception>) -> Vec<Exception> {
    if chain.len() > MAX_EXCEPTION_CHAIN {
        let left_out = chain.split_off(MAX_EXCEPTION_CHAIN);
        if let Some(last) = chain.last_mut() {
            last.skipped += left_out.len() as u32;
            last.cause = None;
        }
    }
    chain
}

fn exception_size(exception: &Exception) -> usize {
    let frames = exception.stack.iter();
    let stack: usize = frames.map(|frame| frame.path.len() + frame.label.len() + 50).sum();
    exception.message.len() + exception.kind.len() + stack + 100
}

/// The stack here, if the environment asks for stacks (`RUST_BACKTRACE`, `RUST_LIB_BACKTRACE`).
fn captured() -> Option<Arc<Backtrace>> {
    let backtrace = Backtrace::capture();
    (backtrace.status() == BacktraceStatus::Captured).then(|| Arc::new(backtrace))
}

/// Describes an error's causes.
fn describe(mut next: Option<&(dyn Error + 'static)>) -> Vec<Exception> {
    let mut chain: Vec<Exception> = Vec::new();
    // Some more than are kept, so that the rest is counted, and an end for chains without one.
    while let Some(error) = next.filter(|_| chain.len() < 10 * MAX_EXCEPTION_CHAIN) {
        let mut exception = exception("Error", || error.to_string());
        if let Some(name) = type_shown_by_debug(error) {
            exception.kind = Cow::Owned(name);
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

fn exception(kind: &'static str, message: impl FnOnce() -> String) -> Exception {
    let message = catch_unwind(AssertUnwindSafe(message))
        .unwrap_or_else(|_| "the error's Display panicked".into());
    Exception::new(kind, message)
}
