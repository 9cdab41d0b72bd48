//! The segment document: what goes on the wire, field by field.
//!
//! A [`Document`] is a borrowed view of a finished [`Record`](crate::emit::Record). An
//! [`Emitter`](crate::emit::Emitter) reads its fields or serialises it; absent fields are left out
//! of the JSON. The field names are those of AWS's "X-Ray segment documents" page.

mod annotation;
mod bounded;
mod cause;
mod limits;
mod name;
mod parts;

pub use annotation::{AnnotationValue, Annotations, Metadata};
pub use bounded::start_of;
pub use cause::{Cause, Exception, StackFrame};
pub use limits::{
    MAX_ANNOTATION_KEY, MAX_ANNOTATION_VALUE, MAX_ANNOTATIONS, MAX_DATAGRAM, MAX_DEPTH,
    MAX_EXCEPTION_CHAIN, MAX_LINKS, MAX_METADATA, MAX_METADATA_DEPTH, MAX_METADATA_KEY, MAX_NAME,
    MAX_SHORT_TEXT, MAX_SQL, MAX_TEXT,
};
pub use parts::{Aws, Http, HttpRequest, HttpResponse, Link, Namespace, Service, Sql, XRay};

pub(crate) use annotation::{
    is_annotation, is_annotation_key, is_annotation_value, is_reserved_namespace, mended_key,
    warn_of_key,
};
pub(crate) use bounded::bounded;
pub(crate) use limits::cut;
pub(crate) use name::{clean_name, is_name};

use std::borrow::Cow;

use serde::Serialize;

use crate::{SegmentId, TraceId};

/// A segment, or a subsegment that leaves on its own, with all that lies under it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Document<'a> {
    /// 1 to 200 letters, digits, white space and `_ . : / % & # = + \ - @`.
    pub name: Cow<'a, str>,
    /// Unique in the trace.
    pub id: SegmentId,
    /// On segments and on subsegments that leave on their own; not on embedded ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// The caller's entity (segments), or the immediate parent (subsegments on their own).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<SegmentId>,
    /// `subsegment` on a subsegment that leaves on its own.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// Seconds since the epoch, in steps of a microsecond.
    pub start_time: f64,
    /// Seconds since the epoch; absent while in progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<f64>,
    /// Whether the entity had not ended when the document left.
    #[serde(skip_serializing_if = "is_false")]
    pub in_progress: bool,
    /// Of a subsegment that calls something else; local work has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
    /// The AWS resource that runs the segment, such as `AWS::EC2::Instance`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Cow<'a, str>>,
    /// ARN of the resource that runs the segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_arn: Option<Cow<'a, str>>,
    /// The user that made the request; indexed, at most 250 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Cow<'a, str>>,
    /// The program that recorded the segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Service<'a>>,
    /// The request that the segment serves, or that the subsegment makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<Http<'a>>,
    /// The AWS resource that runs the segment, or that the subsegment calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws: Option<Aws<'a>>,
    /// The query a subsegment makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<Sql<'a>>,
    /// Indexed values, by which traces are found.
    #[serde(skip_serializing_if = "Annotations::is_empty")]
    pub annotations: Annotations<'a>,
    /// Values that are kept and not indexed.
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata<'a>,
    /// The caller did something wrong (4xx).
    #[serde(skip_serializing_if = "is_false")]
    pub error: bool,
    /// The caller was told to slow down (429).
    #[serde(skip_serializing_if = "is_false")]
    pub throttle: bool,
    /// The service did something wrong (5xx, an exception, a panic).
    #[serde(skip_serializing_if = "is_false")]
    pub fault: bool,
    /// The errors behind the flags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause<'a>>,
    /// Earlier siblings that had to end before this subsegment began.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub precursor_ids: &'a [SegmentId],
    /// Other traces this one belongs with.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub links: &'a [Link],
    /// Subsegments embedded in this document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subsegments: Vec<Document<'a>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(crate) fn is_false(value: &bool) -> bool {
    !value
}
