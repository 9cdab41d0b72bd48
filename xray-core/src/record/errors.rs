//! Errors and panics, as exceptions of an entity.

use std::{
    any::{Any, type_name},
    backtrace::{Backtrace, BacktraceStatus},
    borrow::Cow,
    error::Error,
    fmt::Debug,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    sync::Arc,
};

use super::{Entity, exceptions::Known, slots::flag};
use crate::{
    document::{Exception, MAX_EXCEPTION_CHAIN, MAX_SHORT_TEXT, MAX_TEXT, cut, start_of},
    http::scrub_text,
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
        self.record_error_at(error, Location::caller());
    }

    /// As [`record_error`](Self::record_error), of code that lies elsewhere, or runs when its caller has
    /// returned.
    pub(crate) fn record_error_at<E>(&self, error: &E, location: &Location<'static>)
    where
        E: Error + ?Sized,
    {
        if !self.is_sampled() {
            return self.note_exception();
        }
        let first = exception(type_name::<E>(), error).at(location);
        self.describe(first, causes(|| error.source()));
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
        if !self.is_sampled() {
            return self.note_exception();
        }
        self.push_exceptions(&shortened(chain.to_vec()), flag::EXCEPTION, Known::ById);
    }

    /// Records exceptions of which each was caused by the next, such as
    /// [`Exception::chain_of`] makes. As an error of Rust's has no identity, one with the type and the
    /// message of an exception that an entity under this one has described counts as the same.
    ///
    /// ```
    /// use xray_core::{Entity, document::Exception};
    ///
    /// let error: Box<dyn std::error::Error> = "out of stock".into();
    /// let mut chain = Exception::chain_of(&*error);
    /// chain.insert(0, Exception::new("Order", "cannot ship order 7").frame("src/ship.rs", 12, ""));
    /// Entity::current().record_exception_chain(chain);
    /// ```
    pub fn record_exception_chain(&self, chain: Vec<Exception>) {
        if !self.is_sampled() {
            return self.note_exception();
        }
        self.push_chain(chain, flag::EXCEPTION);
    }

    /// Records an error that a framework hands over as a trait object.
    pub(crate) fn record_dyn_error(&self, error: &(dyn Error + 'static)) {
        if !self.is_sampled() {
            return self.note_exception();
        }
        // The stack here is the framework's; where the error was made is long gone.
        self.push_chain(Exception::chain_of(error), flag::EXCEPTION);
    }

    /// Records why a call failed.
    pub(crate) fn record_call_error(
        &self,
        kind: Option<&'static str>,
        error: &(dyn Error + 'static),
    ) {
        if !self.is_sampled() {
            return self.note_exception();
        }
        let mut chain = causes(|| Some(error));
        if let Some(kind) = kind {
            chain[0].kind = Cow::Borrowed(kind);
        }
        self.push_chain(chain, flag::EXCEPTION);
    }

    /// Records a panic with what it says.
    ///
    /// ```
    /// use std::panic::catch_unwind;
    /// use xray_core::Entity;
    ///
    /// # fn work() {}
    /// if let Err(payload) = catch_unwind(work) {
    ///     Entity::current().record_panic(&*payload);
    /// }
    /// ```
    pub fn record_panic(&self, payload: &(dyn Any + Send)) {
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("a panic whose payload is no text");
        self.record_failure("panic", message, true);
    }

    /// Runs code of the user. A panic is recorded, ends the entity and goes on unchanged.
    pub(super) fn recording_panics<T>(&self, work: impl FnOnce() -> T) -> T {
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
            self.record_panic(&*payload);
            self.end(None);
            resume_unwind(payload)
        })
    }

    /// Records what a handler returned as its error, of which is only known that it can be shown to those
    /// who debug: a box of an error, as most are, with the errors that caused it.
    pub(crate) fn record_debug<E: Debug + 'static>(&self, error: &E) {
        if !self.is_sampled() {
            return self.note_exception();
        }
        let chain = match boxed(error) {
            Some(error) => Exception::chain_of(error),
            None => vec![match text(error) {
                Some(text) => told(type_name::<E>(), format_args!("{text}")),
                None => told(type_name::<E>(), format_args!("{error:?}")),
            }],
        };
        self.push_chain(chain, flag::EXCEPTION);
    }

    /// Records an end that no error value stands for.
    pub(crate) fn record_failure(&self, kind: &'static str, message: &str, fault: bool) {
        if !self.is_sampled() {
            if fault {
                self.note_exception();
            }
            return;
        }
        let bit = if fault { flag::EXCEPTION } else { flag::ERROR };
        self.push_chain(vec![Exception::new(kind, message)], bit);
    }

    /// Of an exception that is not recorded, only that there was one may be wanted.
    pub(super) fn note_exception(&self) {
        if let Some(watch) = self.unrecorded() {
            watch.record_exception();
        }
    }

    pub(super) fn describe(&self, first: Exception, mut causes: Vec<Exception>) {
        causes.insert(0, first);
        self.push_chain(causes, flag::EXCEPTION);
    }

    /// Records exceptions of which each caused the one before. Clients name in their messages what they
    /// called, secrets of the URL and all, and an error travels up.
    fn push_chain(&self, mut chain: Vec<Exception>, bit: u8) {
        for exception in &mut chain {
            if let Cow::Owned(clean) = scrub_text(&exception.message) {
                exception.message = clean;
            }
        }
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
        // By itself, so that a full record still tells how it ended.
        self.note_outcome(0, bit, None);
        self.change(bytes, |record, index| {
            record.count_bytes(bytes);
            record.add_exceptions(index, chain, known);
        });
    }
}

impl Exception {
    /// The exceptions that describe an error and the errors that caused it, the outermost first: what
    /// [`Entity::record_error`] records, but for the place in the code. An error that is only known as
    /// a trait object has the type that its `Debug` begins with, or `Error`.
    #[must_use]
    pub fn chain_of(error: &(dyn Error + 'static)) -> Vec<Self> {
        causes(|| Some(error))
    }
}

/// What is in an error that is a box, which is no [`Error`] itself.
///
/// ```
/// use std::error::Error;
/// use xray_core::http::boxed;
///
/// let error: Box<dyn Error + Send + Sync> = "out of stock".into();
/// assert!(boxed(&error).is_some() && boxed(&7).is_none());
/// ```
pub fn boxed<E: 'static>(error: &E) -> Option<&(dyn Error + 'static)> {
    let error: &dyn Any = error;
    if let Some(error) = error.downcast_ref::<Box<dyn Error + Send + Sync>>() {
        return Some(&**error);
    }
    error.downcast_ref::<Box<dyn Error>>().map(|error| &**error)
}

/// An error that is a text, which its `Debug` has in quotes.
fn text<E: 'static>(error: &E) -> Option<&str> {
    let error: &dyn Any = error;
    let text = error.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| error.downcast_ref::<&'static str>().copied())
}

/// The first exceptions of a chain, with texts of bounded length; the last one counts those that are
/// left out.
fn shortened(mut chain: Vec<Exception>) -> Vec<Exception> {
    if chain.len() > MAX_EXCEPTION_CHAIN {
        let left_out = chain.split_off(MAX_EXCEPTION_CHAIN);
        if let Some(last) = chain.last_mut() {
            last.skipped += left_out.len() as u32;
            last.cause = None;
        }
    }
    for exception in &mut chain {
        exception.message.truncate(cut(&exception.message, MAX_TEXT).len());
        shorten(&mut exception.kind);
        for frame in &mut exception.stack {
            shorten(&mut frame.path);
            shorten(&mut frame.label);
        }
    }
    chain
}

fn shorten(text: &mut Cow<'static, str>) {
    let end = cut(text, MAX_SHORT_TEXT).len();
    if end < text.len() {
        text.to_mut().truncate(end);
    }
}

fn exception_size(exception: &Exception) -> usize {
    let frames = exception.stack.iter();
    let stack: usize = frames.map(|frame| frame.path.len() + frame.label.len() + 50).sum();
    exception.message.len() + exception.kind.len() + stack + 100
}

impl Exception {
    /// The exception with where it was recorded.
    pub(super) fn at(self, location: &Location<'static>) -> Self {
        let mut exception = self.frame(location.file(), location.line(), "");
        exception.backtrace = captured();
        exception
    }
}

/// The stack here, if the environment asks for stacks (`RUST_BACKTRACE`, `RUST_LIB_BACKTRACE`).
fn captured() -> Option<Arc<Backtrace>> {
    let backtrace = Backtrace::capture();
    (backtrace.status() == BacktraceStatus::Captured).then(|| Arc::new(backtrace))
}

/// Describes an error's causes, of which `first` is the first.
pub(super) fn causes<'a>(
    first: impl FnOnce() -> Option<&'a (dyn Error + 'static)>,
) -> Vec<Exception> {
    // One that panics has no further cause.
    let mut next = catch_unwind(AssertUnwindSafe(first)).unwrap_or_default();
    let mut chain: Vec<Exception> = Vec::new();
    // Some more than are kept, so that the rest is counted, and an end for chains without one.
    while let Some(error) = next.filter(|_| chain.len() < 10 * MAX_EXCEPTION_CHAIN) {
        let mut exception = exception("Error", error);
        // The `Debug` of this one names its inner variants.
        if error.is::<std::io::Error>() {
            exception.kind = Cow::Borrowed("std::io::Error");
        } else if let Some(name) = type_shown_by_debug(error) {
            exception.kind = Cow::Owned(name);
        }
        chain.push(exception);
        next = catch_unwind(AssertUnwindSafe(|| error.source())).unwrap_or_default();
    }
    chain
}

/// The type of an error that is only known as a trait object: what a derived `Debug` begins with.
pub(super) fn type_shown_by_debug<E: Error + ?Sized>(error: &E) -> Option<String> {
    let text = start_of(format_args!("{error:?}"), MAX_SHORT_TEXT)?;
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let derived = name.starts_with(|c: char| c.is_ascii_uppercase())
        && (rest.is_empty() || rest.starts_with('(') || rest.starts_with(" {"));
    derived.then(|| name.to_owned())
}

pub(super) fn exception(kind: &'static str, error: &(impl Error + ?Sized)) -> Exception {
    told(kind, format_args!("{error}"))
}

pub(super) fn told(kind: &'static str, message: std::fmt::Arguments<'_>) -> Exception {
    let message = start_of(message, MAX_TEXT);
    Exception::new(kind, message.unwrap_or_else(|| "the error's Display panicked".to_owned()))
}
