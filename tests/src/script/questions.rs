//! Lines that record nothing and only want an answer.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};
use xray_core::header::{Sampled, TraceHeader, TraceParent};
use xray_core::http::{ServerPolicy, scrub_url as scrubbed};
use xray_core::sql::{Dialect, sanitize};
use xray_core::testing::MemoryEmitter;
use xray_core::{Delivery, Recorder, SamplingRequest, sample};

use super::Answer;
use super::configure::seconds;
use super::driver::Driver;
use super::line::{Match, Name, Sample, ScrubSql, ScrubUrl, Text};

/// How long a flush waits if the script does not say.
const FLUSH: Duration = Duration::from_secs(5);

pub(super) fn parse_header(keys: &Text) -> Value {
    let header = TraceHeader::parse(&keys.value);
    let data = header.data.as_deref().unwrap_or_default();
    let pairs = data.split(';').filter_map(|pair| pair.split_once('='));
    let data: Map<String, Value> =
        pairs.map(|(key, value)| (key.to_owned(), value.into())).collect();
    json!({
        "root": header.root,
        "parent": header.parent,
        "sampled": match header.sampled {
            Some(Sampled::Yes) => json!(true),
            Some(Sampled::No) => json!(false),
            Some(Sampled::Requested) => json!("?"),
            _ => Value::Null,
        },
        "data": data,
    })
}

pub(super) fn parse_traceparent(keys: &Text) -> Answer {
    let parent: TraceParent = keys.value.parse().map_err(|error| format!("{error}"))?;
    Ok(json!({"root": parent.root, "parent": parent.parent, "sampled": parent.sampled}))
}

pub(super) fn matches(keys: &Match) -> Value {
    json!({"match": sample::matches(&keys.pattern, &keys.text)})
}

pub(super) fn name(keys: &Name) -> Answer {
    let recorder = Recorder::builder(&keys.fallback)
        .emitter(MemoryEmitter::new())
        .delivery(Delivery::Inline)
        .build()
        .map_err(|error| error.to_string())?;
    let naming = ServerPolicy::new().name_by_host(&keys.pattern);
    Ok(json!({"name": naming.segment_name(&recorder, Some(&keys.host))}))
}

pub(super) fn scrub_sql(keys: &ScrubSql) -> Value {
    let dialect = keys.database.as_deref().map(Dialect::of_database).unwrap_or_default();
    json!({"query": sanitize(&keys.query, dialect)})
}

pub(super) fn scrub_url(keys: &ScrubUrl) -> Value {
    json!({"url": scrubbed(&keys.url)})
}

pub(super) fn stats(recorder: &Recorder) -> Value {
    let stats = recorder.stats();
    json!({
        "sent": stats.sent,
        "dropped": {
            "full": stats.dropped_full,
            "oversize": stats.dropped_oversize,
            "io": stats.dropped_io,
            "unresolved": stats.dropped_unresolved,
            "record_full": stats.dropped_record_full,
            "emitter_panic": stats.dropped_emitter_panic,
            "closed": stats.dropped_closed,
        },
        "streamed": stats.streamed,
        "oversize": stats.dropped_oversize,
        "queued": stats.queued,
    })
}

pub(super) fn flush(recorder: &Recorder, timeout: Option<f64>) -> Answer {
    let timeout = timeout.map(seconds).transpose()?.unwrap_or(FLUSH);
    Ok(json!({"ok": recorder.flush(timeout)}))
}

impl Driver {
    /// By the real clock, together with the segments that begin, until the script names a time.
    pub(super) fn sample(&mut self, keys: &Sample) -> Answer {
        let virtual_time = &mut self.virtual_time;
        if let Some(at) = keys.at {
            if virtual_time.at.is_some_and(|before| at < before) {
                return Err(format!("the virtual time cannot go back to {at}"));
            }
            let time = SystemTime::UNIX_EPOCH.checked_add(seconds(at)?);
            virtual_time.clock.set(time.ok_or_else(|| format!("{at} is no time"))?);
            virtual_time.at = Some(at);
        }
        let by_script = virtual_time.at.is_some();
        let recorder = if by_script { &virtual_time.recorder } else { &self.recorder };
        let request = SamplingRequest {
            host: keys.host.as_deref(),
            method: keys.method.as_deref(),
            path: keys.path.as_deref(),
            service: keys.service.as_deref(),
            service_type: keys.kind.as_deref(),
        };
        let decision = recorder.sample(&request);
        Ok(json!({"sampled": decision.is_sampled(), "rule": decision.rule()}))
    }
}
