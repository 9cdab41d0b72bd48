use std::borrow::Cow;

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
        exceptions: &'a [Exception],
    },
}

/// One error.
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
