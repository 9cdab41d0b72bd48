//! Errors that `#[subsegment(err)]` records: with their causes if they are errors to Rust, by their
//! `Display` if they are not.

use std::{
    any::type_name,
    borrow::Cow,
    error::Error,
    fmt::{self, Debug, Display},
    ops::Deref,
    panic::Location,
};

use crate::record::{
    Entity,
    errors::{causes, exception, told, type_shown_by_debug},
};

/// What `err` can be asked of.
#[diagnostic::on_unimplemented(
    message = "`err` records the error of a `Result`, and this function returns `{Self}`",
    label = "is no `Result`",
    note = "remove `err`, or return a `Result`"
)]
pub trait Fallible {
    /// What is returned of success.
    type Good;
    /// What is returned of failure.
    type Bad;

    /// How it turned out.
    fn outcome(&self) -> Result<&Self::Good, &Self::Bad>;
}

impl<T, E> Fallible for Result<T, E> {
    type Good = T;
    type Bad = E;

    fn outcome(&self) -> Result<&T, &E> {
        self.as_ref()
    }
}

/// How a function turned out.
pub fn outcome<R: Fallible>(returned: &R) -> Result<&R::Good, &R::Bad> {
    returned.outcome()
}

/// An error that is recorded by its type.
#[derive(Debug)]
pub struct Failed<'a, E: ?Sized>(pub &'a E);

/// It is an error to Rust.
#[derive(Debug)]
pub struct AsError;

/// It holds one: `Box<dyn Error>`, `anyhow::Error`.
#[derive(Debug)]
pub struct AsHolder;

/// It can be shown.
#[derive(Debug)]
pub struct AsDisplay;

/// Finds [`AsError`].
pub trait ByError {
    /// The way.
    fn way(&self) -> AsError {
        AsError
    }
}

impl<E: Error + ?Sized> ByError for &&Failed<'_, E> {}

/// Finds [`AsHolder`].
pub trait ByHolder {
    /// The way.
    fn way(&self) -> AsHolder {
        AsHolder
    }
}

impl<E: Deref<Target: Error> + ?Sized> ByHolder for &Failed<'_, E> {}

/// Finds [`AsDisplay`].
pub trait ByDisplay {
    /// The way.
    fn way(&self) -> AsDisplay {
        AsDisplay
    }
}

impl<E: ?Sized> ByDisplay for Failed<'_, E> {}

impl AsError {
    /// Records it with its causes.
    #[track_caller]
    pub fn record<E: Error + ?Sized>(self, entity: &Entity, error: &E) {
        entity.record_error(error);
    }
}

impl AsHolder {
    /// Records what it holds with its causes.
    #[track_caller]
    pub fn record<E: Deref<Target: Error> + ?Sized>(self, entity: &Entity, error: &E) {
        entity.record_held_error(&**error);
    }
}

/// What can be recorded by its `Display`.
#[diagnostic::on_unimplemented(
    message = "`err` cannot record `{Self}`, since it is not `Display`",
    label = "is neither an error nor `Display`",
    note = "write `err(Debug)` to record its `Debug`"
)]
pub trait Told: Display {}

#[diagnostic::do_not_recommend]
impl<T: Display + ?Sized> Told for T {}

impl AsDisplay {
    /// Records what it says.
    #[track_caller]
    pub fn record<E: Told + ?Sized>(self, entity: &Entity, error: &E) {
        failed_display(entity, error);
    }
}

/// Records an error by its `Display`, without causes.
#[track_caller]
pub fn failed_display<E: Display + ?Sized>(entity: &Entity, error: &E) {
    entity.record_told(type_name::<E>(), format_args!("{error}"));
}

/// Records an error by its `Debug`, without causes.
#[track_caller]
pub fn failed_debug<E: Debug + ?Sized>(entity: &Entity, error: &E) {
    entity.record_told(type_name::<E>(), format_args!("{error:?}"));
}

impl Entity {
    /// Records an error that something holds: a box, or an `anyhow::Error`. Where it is a trait object
    /// its type is what its `Debug` begins with.
    #[track_caller]
    fn record_held_error<E: Error + ?Sized>(&self, error: &E) {
        if !self.is_sampled() {
            return self.note_exception();
        }
        let kind = type_name::<E>();
        let mut first = exception(kind, error).at(Location::caller());
        if kind.starts_with("dyn ") {
            first.kind = type_shown_by_debug(error).map_or(Cow::Borrowed("Error"), Cow::Owned);
        }
        self.describe(first, causes(|| error.source()));
    }

    /// Records something that went wrong and is no error to Rust.
    #[track_caller]
    fn record_told(&self, kind: &'static str, message: fmt::Arguments<'_>) {
        if !self.is_sampled() {
            return self.note_exception();
        }
        self.describe(told(kind, message).at(Location::caller()), Vec::new());
    }
}
