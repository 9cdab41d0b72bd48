//! Values that `#[subsegment]` records, and what the compiler says of those it cannot.
//!
//! Which way a value is recorded its type tells, by the method that the compiler finds first: that of a
//! type behind more references.

use std::{
    borrow::Cow,
    fmt::{Debug, Display},
};

use serde_json::{Map, Value};

use crate::{
    document::{AnnotationValue, MAX_ANNOTATION_VALUE, MAX_TEXT, cut, start_of},
    record::Entity,
};

/// What can be an annotation by itself, looked at through a reference.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of an annotation",
    label = "is no number, text or truth value",
    note = "write `%` before it to record its `Display`, `?` to record its `Debug`"
)]
pub trait Annotate {
    /// The value; `None` if there is none to record.
    fn annotation(&self) -> Option<AnnotationValue<'_>>;
}

macro_rules! annotate {
    ($($of:ty),+) => {
        $(impl Annotate for $of {
            fn annotation(&self) -> Option<AnnotationValue<'_>> {
                Some((*self).into())
            }
        })+
    };
}

annotate!(bool, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, f32, f64);

impl Annotate for str {
    fn annotation(&self) -> Option<AnnotationValue<'_>> {
        Some(self.into())
    }
}

impl Annotate for String {
    fn annotation(&self) -> Option<AnnotationValue<'_>> {
        Some(self.into())
    }
}

impl Annotate for AnnotationValue<'_> {
    fn annotation(&self) -> Option<AnnotationValue<'_>> {
        Some(self.clone())
    }
}

impl<T: Annotate + ToOwned + ?Sized> Annotate for Cow<'_, T> {
    fn annotation(&self) -> Option<AnnotationValue<'_>> {
        (**self).annotation()
    }
}

impl<T: Annotate> Annotate for Option<T> {
    fn annotation(&self) -> Option<AnnotationValue<'_>> {
        self.as_ref().and_then(T::annotation)
    }
}

macro_rules! annotate_through {
    ($($of:ty),+) => {
        $(impl<T: Annotate + ?Sized> Annotate for $of {
            fn annotation(&self) -> Option<AnnotationValue<'_>> {
                (**self).annotation()
            }
        })+
    };
}

annotate_through!(&T, &mut T, Box<T>, std::rc::Rc<T>, std::sync::Arc<T>);

/// What can be recorded by its `Debug`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded, since it is not `Debug`",
    label = "is not `Debug`",
    note = "leave it out by `#[subsegment(skip(…))]`, or derive `Debug` for it"
)]
pub trait Shown: Debug {}

#[diagnostic::do_not_recommend]
impl<T: Debug + ?Sized> Shown for T {}

/// Sets an annotation to a number, a text or a truth value.
pub fn annotate<T: Annotate + ?Sized>(entity: &Entity, key: &str, value: &T) {
    if let Some(value) = value.annotation() {
        entity.annotate(key, value);
    }
}

/// Sets an annotation to the value's `Debug`.
pub fn annotate_debug<T: Debug + ?Sized>(entity: &Entity, key: &str, value: &T) {
    entity.annotate(key, text(MAX_ANNOTATION_VALUE, format_args!("{value:?}")));
}

/// Sets an annotation to the value's `Display`.
pub fn annotate_display<T: Display + ?Sized>(entity: &Entity, key: &str, value: &T) {
    entity.annotate(key, text(MAX_ANNOTATION_VALUE, format_args!("{value}")));
}

/// Keeps the arguments of the function.
pub fn arguments<const N: usize>(entity: &Entity, values: [(&'static str, Value); N]) {
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), value));
    entity.set_metadata("default", "arguments", Value::Object(Map::from_iter(values)));
}

/// Keeps what the function returns.
pub fn returned(entity: &Entity, value: Value) {
    entity.set_metadata("default", "return", value);
}

/// A value that is recorded by its type.
#[derive(Debug)]
pub struct Given<'a, T: ?Sized>(pub &'a T);

/// Numbers, texts and truth values stay what they are.
#[derive(Debug)]
pub struct AsValue;

/// All else is text.
#[derive(Debug)]
pub struct AsDebug;

/// Finds [`AsValue`].
pub trait ByValue {
    /// The way.
    fn way(&self) -> AsValue {
        AsValue
    }
}

impl<T: Annotate + ?Sized> ByValue for &Given<'_, T> {}

/// Finds [`AsDebug`].
pub trait ByDebug {
    /// The way.
    fn way(&self) -> AsDebug {
        AsDebug
    }
}

impl<T: ?Sized> ByDebug for Given<'_, T> {}

impl AsValue {
    /// The value as JSON.
    pub fn value<T: Annotate + ?Sized>(self, value: &T) -> Value {
        match value.annotation() {
            None => Value::Null,
            Some(AnnotationValue::String(text)) => cut(&text, MAX_TEXT).into(),
            Some(AnnotationValue::Integer(number)) => number.into(),
            Some(AnnotationValue::Unsigned(number)) => number.into(),
            Some(AnnotationValue::Bool(truth)) => truth.into(),
            // One that is not finite is `null`.
            Some(AnnotationValue::Float(number)) => number.into(),
        }
    }
}

impl AsDebug {
    /// The value as text.
    pub fn value<T: Shown + ?Sized>(self, value: &T) -> Value {
        debug(value)
    }
}

/// The value's `Debug`, cut at 4,096 characters.
pub fn debug<T: Shown + ?Sized>(value: &T) -> Value {
    text(MAX_TEXT, format_args!("{value:?}")).into()
}

/// The value's `Display`, cut at 4,096 characters.
pub fn display<T: Display + ?Sized>(value: &T) -> Value {
    text(MAX_TEXT, format_args!("{value}")).into()
}

fn text(chars: usize, arguments: std::fmt::Arguments<'_>) -> String {
    start_of(arguments, chars).unwrap_or_else(|| "[the code that shows the value panicked]".into())
}
