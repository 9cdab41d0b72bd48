use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use super::is_false;
use crate::{SegmentId, TraceId};

/// What a subsegment calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Namespace {
    /// An AWS service, through an AWS SDK.
    Aws,
    /// Anything else outside the process.
    Remote,
}

/// The program that recorded a segment.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Service<'a> {
    /// The version the user gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'a str>,
    /// The compiler: `rustc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<&'a str>,
    /// The compiler's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_version: Option<&'a str>,
    /// What the user said beyond that, or in place of that.
    #[serde(flatten)]
    pub fields: Option<&'a Map<String, Value>>,
}

/// A request and its response.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Http<'a> {
    /// The request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<HttpRequest<'a>>,
    /// The response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<HttpResponse>,
}

/// The request of an [`Http`] block.
#[derive(Clone, Debug, Default, Serialize)]
pub struct HttpRequest<'a> {
    /// The method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'a str>,
    /// Scheme, host, port and path, without user, query and fragment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<&'a str>,
    /// The caller's program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<&'a str>,
    /// The caller's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ip: Option<&'a str>,
    /// Whether `client_ip` is what a proxy said.
    #[serde(skip_serializing_if = "is_false")]
    pub x_forwarded_for: bool,
    /// Whether the called service is known to send a segment of its own.
    #[serde(skip_serializing_if = "is_false")]
    pub traced: bool,
}

/// The response of an [`Http`] block.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct HttpResponse {
    /// The status code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Bytes of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_length: Option<u64>,
}

/// A query.
///
/// ```
/// use xray_core::{Sql, Subsegment};
///
/// let query = Subsegment::begin("shop@db.internal");
/// query.sql(Sql {
///     database_type: Some("PostgreSQL".into()),
///     sanitized_query: Some("SELECT * FROM orders WHERE id = $1".into()),
///     ..Sql::default()
/// });
/// ```
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sql<'a> {
    /// Where the database is, without password and query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Cow<'a, str>>,
    /// A connection string that is no URL, without password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_string: Option<Cow<'a, str>>,
    /// The statement with placeholders instead of values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sanitized_query: Option<Cow<'a, str>>,
    /// `PostgreSQL`, `MySQL`, `SQLite` or `MSSQL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_type: Option<Cow<'a, str>>,
    /// Version of the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_version: Option<Cow<'a, str>>,
    /// The driver and its version, such as `sqlx 0.9`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_version: Option<Cow<'a, str>>,
    /// The database user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Cow<'a, str>>,
    /// `statement` for a prepared statement, `call` for a procedure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preparation: Option<Cow<'a, str>>,
}

/// The `aws` block: this SDK, the resource that runs a segment, or the resource a subsegment calls.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Aws<'a> {
    /// The SDK that recorded the segment; on segments only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xray: Option<XRay<'a>>,
    /// `ec2`, `ecs`, `eks`, `elastic_beanstalk`, `operation`, `region`, `table_name` and all else,
    /// by the names of "X-Ray segment documents".
    #[serde(flatten)]
    pub fields: Cow<'a, Map<String, Value>>,
}

/// Which SDK recorded a segment.
#[derive(Clone, Copy, Debug, Serialize)]
#[non_exhaustive]
pub struct XRay<'a> {
    /// `X-Ray for Rust`.
    pub sdk: &'static str,
    /// This crate's version.
    pub sdk_version: &'static str,
    /// The centralized rule that decided; none for local rules and for the caller's decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling_rule_name: Option<&'a str>,
}

/// Another segment that this one belongs with, such as the producer of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The other trace.
    pub trace_id: TraceId,
    /// The segment or subsegment in it.
    pub id: SegmentId,
}
