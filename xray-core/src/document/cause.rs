use std::{backtrace::Backtrace, borrow::Cow, sync::Arc};

use serde::Serialize;

use super::is_false;
use crate::SegmentId;

/// Why an entity failed.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Cause<'a> {
    /// The id of an exception that another entity of the trace describes.
    Id(SegmentId),
    /// The exceptions, described.
    Exceptions {
        /// Where the process runs.
        #[serde(skip_serializing_if = "Option::is_none")]
        working_directory: Option<Cow<'a, str>>,
        /// Each error, followed by the errors that caused it.
        exceptions: Cow<'a, [Exception]>,
    },
}

/// One error.
///
/// [`Entity::record_error`](crate::Entity::record_error) makes them of Rust errors; build one by hand
/// for what is no Rust error.
///
/// ```
/// use xray_core::document::Exception;
///
/// let refused = Exception::new("PaymentRefused", "the card has expired").remote();
/// assert_eq!(refused.message, "the card has expired");
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Exception {
    /// Unique in the trace.
    pub id: SegmentId,
    /// What the error says of itself.
    pub message: String,
    /// The error's type.
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    /// Whether the called service made the error.
    #[serde(skip_serializing_if = "is_false")]
    pub remote: bool,
    /// Stack frames that were left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub truncated: u32,
    /// Further causes that were left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub skipped: u32,
    /// The exception that caused this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<SegmentId>,
    /// Stack frames, innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stack: Vec<StackFrame>,
    /// Where it was recorded, not looked up yet: that takes long, so the worker does it.
    #[serde(skip)]
    pub(crate) backtrace: Option<Arc<Backtrace>>,
}

impl Exception {
    /// An exception of this type and with this message.
    #[must_use]
    pub fn new(kind: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            id: SegmentId::random(),
            message: message.into(),
            kind: kind.into(),
            remote: false,
            truncated: 0,
            skipped: 0,
            cause: None,
            stack: Vec::new(),
            backtrace: None,
        }
    }

    /// Says that the called service made the error.
    #[must_use]
    pub fn remote(mut self) -> Self {
        self.remote = true;
        self
    }

    /// Adds a frame, further out than those before.
    #[must_use]
    pub fn frame(
        mut self,
        path: impl Into<Cow<'static, str>>,
        line: u32,
        label: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.stack.push(StackFrame { path: path.into(), line, label: label.into() });
        self
    }

    /// Names the exception that caused this one.
    #[must_use]
    pub fn caused_by(mut self, cause: &Self) -> Self {
        self.cause = Some(cause.id);
        self
    }
}

/// One frame of a stack.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct StackFrame {
    /// The source file.
    pub path: Cow<'static, str>,
    /// The line, from 1.
    pub line: u32,
    /// The function.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub label: Cow<'static, str>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}
