use std::borrow::Cow;

use serde::{
    Serialize,
    ser::{SerializeMap, Serializer},
};
use serde_json::Value;

use super::{MAX_ANNOTATION_KEY, cut, name::is_news};

/// The value of an annotation: text, a number or a truth value; nothing else is indexed.
///
/// ```
/// use xray_core::AnnotationValue;
///
/// assert_eq!(AnnotationValue::from("gold"), AnnotationValue::String("gold".into()));
/// assert_eq!(AnnotationValue::from(3u8), AnnotationValue::Unsigned(3));
/// assert_eq!(AnnotationValue::from(true), AnnotationValue::Bool(true));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum AnnotationValue<'a> {
    /// Text, cut at 1,000 characters.
    String(Cow<'a, str>),
    /// A whole number.
    Integer(i64),
    /// A whole number from 0.
    Unsigned(u64),
    /// A number; what is not finite is dropped, since JSON has no form for it.
    Float(f64),
    /// A truth value.
    Bool(bool),
}

macro_rules! annotation_from {
    ($($variant:ident($into:ty): $($from:ty),+;)+) => {
        $($(
            impl From<$from> for AnnotationValue<'_> {
                fn from(value: $from) -> Self {
                    Self::$variant(<$into>::from(value))
                }
            }
        )+)+
    };
}

annotation_from! {
    Integer(i64): i8, i16, i32, i64;
    Unsigned(u64): u8, u16, u32, u64;
    Float(f64): f32, f64;
    Bool(bool): bool;
}

impl From<usize> for AnnotationValue<'_> {
    fn from(value: usize) -> Self {
        Self::Unsigned(value as u64)
    }
}

impl From<isize> for AnnotationValue<'_> {
    fn from(value: isize) -> Self {
        Self::Integer(value as i64)
    }
}

impl<'a> From<&'a str> for AnnotationValue<'a> {
    fn from(value: &'a str) -> Self {
        Self::String(Cow::Borrowed(value))
    }
}

impl<'a> From<&'a String> for AnnotationValue<'a> {
    fn from(value: &'a String) -> Self {
        Self::String(Cow::Borrowed(value))
    }
}

impl From<String> for AnnotationValue<'_> {
    fn from(value: String) -> Self {
        Self::String(Cow::Owned(value))
    }
}

impl<'a> From<Cow<'a, str>> for AnnotationValue<'a> {
    fn from(value: Cow<'a, str>) -> Self {
        Self::String(value)
    }
}

/// Annotations in the order they were made; each key once.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Annotations<'a> {
    /// Key and value.
    pub entries: Vec<(&'a str, AnnotationValue<'a>)>,
}

impl Annotations<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Serialize for Annotations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.entries.iter().map(|(key, value)| (key, value)))
    }
}

/// Metadata: any JSON value under a namespace and a key.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Metadata<'a> {
    /// Namespace, key and value; the pairs of one namespace stand together.
    pub entries: Vec<(&'a str, &'a str, &'a Value)>,
}

impl Metadata<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Serialize for Metadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for group in self.entries.chunk_by(|one, next| one.0 == next.0) {
            map.serialize_entry(group[0].0, &Group(group))?;
        }
        map.end()
    }
}

struct Group<'a>(&'a [(&'a str, &'a str, &'a Value)]);

impl Serialize for Group<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(_, key, value)| (key, value)))
    }
}

/// Whether an annotation can be recorded; one that cannot is logged.
pub(crate) fn is_annotation(key: &str, value: &AnnotationValue<'_>) -> bool {
    if !is_annotation_key(key) {
        warn_of_key(key);
        return false;
    }
    is_annotation_value(key, value)
}

/// Whether the value can be recorded; one that cannot is logged.
#[inline]
pub(crate) fn is_annotation_value(key: &str, value: &AnnotationValue<'_>) -> bool {
    let finite = !matches!(value, AnnotationValue::Float(number) if !number.is_finite());
    if !finite {
        crate::logging::warning!("annotation {key:?} dropped: the number is not finite");
    }
    finite
}

/// ASCII letters, digits and `_`: other keys cannot be searched for, so they are not recorded.
pub(crate) fn is_annotation_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= MAX_ANNOTATION_KEY && key.bytes().all(is_key_byte)
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A key with `_` in place of each byte that keys do not take; `None` if it takes them all.
pub(crate) fn mended_key(key: &[u8]) -> Option<String> {
    let mended = |&byte: &u8| if is_key_byte(byte) { char::from(byte) } else { '_' };
    (!key.iter().all(|&byte| is_key_byte(byte))).then(|| key.iter().map(mended).collect())
}

pub(crate) fn warn_of_key(key: &str) {
    if is_news(key) {
        crate::logging::warning!(
            "annotation {:?} dropped: a key is ASCII letters, digits and _, at most 500",
            cut(key, 50)
        );
    }
}

/// Namespaces that begin with `AWS.` belong to AWS.
pub(crate) fn is_reserved_namespace(namespace: &str) -> bool {
    namespace.starts_with("AWS.")
}
