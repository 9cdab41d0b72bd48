//! The lines that there are. A key that is missing, unknown or of another type is serde's to refuse.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(super) enum Line {
    Configure(Configure),
    BeginSegment(BeginSegment),
    EndSegment(End),
    BeginSubsegment(BeginSubsegment),
    EndSubsegment(End),
    Annotate(KeyValue),
    Metadata(Metadata),
    Http(Http),
    Status(OneValue),
    Aws(Fields),
    Sql(Fields),
    Service(Fields),
    User(Text),
    Origin(Text),
    ResourceArn(Text),
    Precursor(Precursor),
    Flag(Flag),
    Exception(Exception),
    Link(Link),
    Current(Nothing),
    DownstreamHeader(DownstreamHeader),
    ResponseHeader(Nothing),
    ParseHeader(Text),
    ParseTraceparent(Text),
    Match(Match),
    Name(Name),
    ScrubSql(ScrubSql),
    ScrubUrl(ScrubUrl),
    Sample(Sample),
    Stats(Nothing),
    Flush(Flush),
}

/// Declares the keys of lines: an `Option` may be missing.
macro_rules! keys {
    ($($name:ident { $($key:ident: $type:ty),* $(,)? })+) => {$(
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $(pub(super) $key: $type,)*
        }
    )+};
}

keys! {
    Configure {
        service: Option<String>,
        version: Option<String>,
        daemon: Option<String>,
        sampling: Option<bool>,
        rules: Option<Value>,
        streaming_threshold: Option<usize>,
        context_missing: Option<String>,
        dynamic_naming: Option<String>,
        plugins: Option<Vec<String>>,
        grace: Option<f64>,
        in_progress_after: Option<f64>,
    }
    BeginSegment {
        name: Option<String>,
        header: Option<String>,
        traceparent: Option<String>,
        trace_id: Option<String>,
        parent_id: Option<String>,
        sampled: Option<bool>,
        host: Option<String>,
        method: Option<String>,
        path: Option<String>,
    }
    End { end_time: Option<f64> }
    BeginSubsegment { name: String, namespace: Option<String>, sampled: Option<bool> }
    KeyValue { key: String, value: Value }
    Metadata { key: String, value: Value, namespace: Option<String> }
    Http { request: Option<Map<String, Value>>, response: Option<Map<String, Value>> }
    Fields { fields: Map<String, Value> }
    Text { value: String }
    Precursor { id: String }
    Flag { fault: Option<bool>, error: Option<bool>, throttle: Option<bool> }
    Frame { path: String, line: u32, label: String }
    Link { trace_id: String, id: String }
    Nothing {}
    DownstreamHeader { traceparent: Option<bool> }
    Match { pattern: String, text: String }
    Name { pattern: String, fallback: String, host: String }
    ScrubSql { query: String, database: Option<String> }
    ScrubUrl { url: String }
    Flush { timeout: Option<f64> }
}

/// `value` is the status.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OneValue {
    pub(super) status: Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sample {
    pub(super) host: Option<String>,
    pub(super) method: Option<String>,
    pub(super) path: Option<String>,
    pub(super) at: Option<f64>,
    pub(super) service: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exception {
    pub(super) key: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) message: String,
    pub(super) remote: Option<bool>,
    pub(super) stack: Option<Vec<Frame>>,
    pub(super) cause: Option<String>,
    pub(super) record: Option<bool>,
}

/// What the script has named, by its key.
pub(super) type Named<T> = BTreeMap<String, T>;
