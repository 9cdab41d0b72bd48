use std::fmt;

use serde::Serialize;

/// Why a datagram or a document was refused.
///
/// A field that X-Ray needs is `Missing` when it is absent or null, and `Bad` when it is malformed.
/// Every refusal is counted under [`as_str`](Self::as_str) and shown on the status page with
/// [`advice`](Self::advice).
///
/// ```
/// use xray_console::{Document, Rejection};
///
/// let refused = Document::parse(b"{\"name\":\"orders\"}").unwrap_err();
/// assert_eq!(refused, Rejection::MissingId);
/// assert_eq!(refused.as_str(), "missing_id");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rejection {
    /// The datagram held no bytes.
    Empty,
    /// The first line is not `{"format":"json","version":1}`.
    BadHeader,
    /// There is a header line and nothing after it.
    HeaderWithoutDocument,
    /// The document is longer than [`Document::MAX_BYTES`](crate::Document::MAX_BYTES), or the datagram was cut.
    TooLarge,
    /// The document nests deeper than [`Document::MAX_DEPTH`](crate::Document::MAX_DEPTH) or
    /// [`Document::MAX_NESTING`](crate::Document::MAX_NESTING).
    TooDeep,
    /// The document is not UTF-8.
    NotUtf8,
    /// The document is not JSON.
    BadJson,
    /// The document is JSON, but not an object.
    NotAnObject,
    /// There is no `id`.
    MissingId,
    /// `id` is not 16 hexadecimal digits.
    BadId,
    /// There is no `trace_id`.
    MissingTraceId,
    /// `trace_id` is not `1-`, 8 and 24 hexadecimal digits.
    BadTraceId,
    /// A document of `type: "subsegment"` has no `parent_id`.
    MissingParentId,
    /// `parent_id` of a document of `type: "subsegment"` is not 16 hexadecimal digits.
    BadParentId,
    /// There is no `name`.
    MissingName,
    /// `name` is empty or no string.
    BadName,
    /// There is no `start_time`.
    MissingStartTime,
    /// `start_time` is not a number.
    BadStartTime,
    /// There is neither `end_time` nor `in_progress: true`.
    MissingEndTime,
    /// `end_time` is not a number.
    BadEndTime,
    /// A time is not a finite number.
    NonFiniteTime,
    /// `end_time` lies before `start_time`.
    EndBeforeStart,
}

impl Rejection {
    /// Every reason, in the order in which the checks are made.
    pub const ALL: &'static [Self] = &[
        Self::Empty,
        Self::BadHeader,
        Self::HeaderWithoutDocument,
        Self::TooLarge,
        Self::TooDeep,
        Self::NotUtf8,
        Self::BadJson,
        Self::NotAnObject,
        Self::MissingId,
        Self::BadId,
        Self::MissingTraceId,
        Self::BadTraceId,
        Self::MissingParentId,
        Self::BadParentId,
        Self::MissingName,
        Self::BadName,
        Self::MissingStartTime,
        Self::BadStartTime,
        Self::MissingEndTime,
        Self::BadEndTime,
        Self::NonFiniteTime,
        Self::EndBeforeStart,
    ];

    /// The name of the counter, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::BadHeader => "bad_header",
            Self::HeaderWithoutDocument => "header_without_document",
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::NotUtf8 => "not_utf8",
            Self::BadJson => "bad_json",
            Self::NotAnObject => "not_an_object",
            Self::MissingId => "missing_id",
            Self::BadId => "bad_id",
            Self::MissingTraceId => "missing_trace_id",
            Self::BadTraceId => "bad_trace_id",
            Self::MissingParentId => "missing_parent_id",
            Self::BadParentId => "bad_parent_id",
            Self::MissingName => "missing_name",
            Self::BadName => "bad_name",
            Self::MissingStartTime => "missing_start_time",
            Self::BadStartTime => "bad_start_time",
            Self::MissingEndTime => "missing_end_time",
            Self::BadEndTime => "bad_end_time",
            Self::NonFiniteTime => "non_finite_time",
            Self::EndBeforeStart => "end_before_start",
        }
    }

    /// One sentence that says what the sender should change.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Empty => "Send the header line, a newline and one document in the same datagram.",
            Self::BadHeader => {
                "Begin the datagram with {\"format\":\"json\",\"version\":1} and a newline."
            }
            Self::HeaderWithoutDocument => {
                "Split datagram? The header and the document must leave in one datagram; \
                 in a shell use `env printf`, because the builtin flushes at the newline."
            }
            Self::TooLarge => {
                "Send subsegments on their own (streaming), so that no document passes 64 kB."
            }
            Self::TooDeep => "Send deep subsegments as documents of their own, with a parent_id.",
            Self::NotUtf8 => "Encode the document as UTF-8.",
            Self::BadJson => {
                "Write valid JSON: NaN, a trailing comma or a document cut short are the usual causes."
            }
            Self::NotAnObject => "Send one JSON object per datagram, not an array or a bare value.",
            Self::MissingId | Self::BadId => {
                "Set id to 16 hexadecimal digits that are unique in the trace."
            }
            Self::MissingTraceId | Self::BadTraceId => {
                "Set trace_id to 1-, 8 hexadecimal digits (the time), - and 24 more."
            }
            Self::MissingParentId | Self::BadParentId => {
                "Set parent_id to the 16 hexadecimal digits of the entity that the subsegment belongs to."
            }
            Self::MissingName | Self::BadName => "Set name to the name of the service.",
            Self::MissingStartTime | Self::BadStartTime => {
                "Set start_time to a number: seconds since 1970, with a fraction."
            }
            Self::MissingEndTime | Self::BadEndTime => {
                "Set end_time to a number, or in_progress to true."
            }
            Self::NonFiniteTime => "Write times as finite numbers of seconds since 1970.",
            Self::EndBeforeStart => {
                "Take durations from a monotonic clock, so that end_time is not before start_time."
            }
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the datagram is empty",
            Self::BadHeader => "the first line is not an X-Ray header",
            Self::HeaderWithoutDocument => "the header has no document behind it",
            Self::TooLarge => "the document is too large",
            Self::TooDeep => "the document nests too deep",
            Self::NotUtf8 => "the document is not UTF-8",
            Self::BadJson => "the document is not valid JSON",
            Self::NotAnObject => "the document is not a JSON object",
            Self::MissingId => "id is missing",
            Self::BadId => "id is not 16 hexadecimal digits",
            Self::MissingTraceId => "trace_id is missing",
            Self::BadTraceId => "trace_id is malformed",
            Self::MissingParentId => "parent_id is missing",
            Self::BadParentId => "parent_id is not 16 hexadecimal digits",
            Self::MissingName => "name is missing",
            Self::BadName => "name is empty or not a string",
            Self::MissingStartTime => "start_time is missing",
            Self::BadStartTime => "start_time is not a number",
            Self::MissingEndTime => "there is neither end_time nor in_progress",
            Self::BadEndTime => "end_time is not a number",
            Self::NonFiniteTime => "a time is not a finite number",
            Self::EndBeforeStart => "end_time is before start_time",
        })
    }
}

impl std::error::Error for Rejection {}
