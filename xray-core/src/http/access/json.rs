use std::{fmt::Write, time::Duration};

use chrono::{DateTime, SecondsFormat, Utc};
use log::Level;
use serde::Serialize;

use super::{Entry, is_unsafe};
use crate::{SegmentId, TraceId};

#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'static str,
    method: &'a str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grpc_code: Option<&'static str>,
    duration_ms: f64,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(flatten)]
    ids: Option<Ids>,
}

/// By all the names that readers of logs look for.
#[derive(Serialize)]
struct Ids {
    trace_id: TraceId,
    segment_id: SegmentId,
    #[serde(rename = "xrayTraceId")]
    xray_trace_id: TraceId,
    #[serde(rename = "segmentId")]
    segment: SegmentId,
    #[serde(rename = "AWS-XRAY-TRACE-ID")]
    both: String,
}

pub(super) fn line(entry: &Entry, level: Level, took: Duration, now: DateTime<Utc>) -> String {
    let line = Line {
        timestamp: now.to_rfc3339_opts(SecondsFormat::Millis, true),
        level: match level {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info | Level::Debug | Level::Trace => "info",
        },
        method: &entry.method,
        path: &entry.path,
        status: Some(entry.status).filter(|status| *status > 0),
        grpc_code: entry.code.map(super::super::grpc::Code::name),
        duration_ms: took.as_micros() as f64 / 1000.0,
        bytes: entry.bytes,
        client: entry.client.as_deref(),
        error: entry.error,
        ids: entry.ids.map(|(trace_id, segment_id)| Ids {
            trace_id,
            segment_id,
            xray_trace_id: trace_id,
            segment: segment_id,
            both: format!("{trace_id}@{segment_id}"),
        }),
    };
    // Of texts and numbers nothing fails.
    one_line(serde_json::to_string(&line).unwrap_or_default())
}

/// JSON allows more in its texts than what is safe in a line.
fn one_line(json: String) -> String {
    if !json.contains(is_unsafe) {
        return json;
    }
    json.chars().fold(String::with_capacity(json.len() + 8), |mut line, character| {
        if is_unsafe(character) {
            let _ = write!(line, "\\u{:04x}", u32::from(character));
        } else {
            line.push(character);
        }
        line
    })
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn nothing_breaks_a_line() {
        let text = "a\nb\u{7f}c\u{85}d\u{2028}e\u{2029}f\"\\é";
        let line = one_line(serde_json::to_string(text).unwrap());
        assert_eq!(line, "\"a\\nb\\u007fc\\u0085d\\u2028e\\u2029f\\\"\\\\é\"");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }
}
