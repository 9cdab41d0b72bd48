//! What is open: a segment and the subsegments begun in it, the innermost of which is the current
//! entity of the driver's one thread.

use std::time::SystemTime;

use serde_json::{Value, json};
use xray_core::header::{CallerHeaders, Sampled, TraceHeader};
use xray_core::{Entered, Entity, Namespace, SamplingRequest, Segment, Subsegment, TraceId};

use super::Answer;
use super::configure::seconds;
use super::driver::{Driver, done};
use super::line::{BeginSegment, BeginSubsegment, DownstreamHeader, End};

pub(super) struct Trace {
    /// The innermost first to go.
    subsegments: Vec<Open<Subsegment>>,
    segment: Open<Segment>,
    /// The request's header wanted to know the decision.
    asked: bool,
}

struct Open<T> {
    /// `None` once it has ended, while others are open under it.
    guard: Option<T>,
    entered: Entered,
    entity: Entity,
    /// As the script said it, for what is not recorded.
    name: String,
}

impl<T> Open<T> {
    fn new(guard: T, entity: Entity, name: &str) -> Self {
        Self { entered: entity.enter(), guard: Some(guard), entity, name: name.to_owned() }
    }

    fn describe(&self, kind: &str) -> Value {
        let name = self.entity.name().unwrap_or_else(|| self.name.clone());
        json!({"kind": kind, "id": self.entity.id().to_string(), "name": name})
    }
}

impl Trace {
    /// Throws away all of it that has not left.
    pub(super) fn discard(mut self) {
        self.segment.entity.discard_segment();
        while let Some(Open { guard, entered, entity, .. }) = self.subsegments.pop() {
            // One that is recorded apart from its segment goes as well.
            entity.discard_segment();
            drop((entered, guard));
        }
    }

    fn has_ended(&self) -> bool {
        self.subsegments.is_empty() && self.segment.guard.is_none()
    }
}

impl Driver {
    pub(super) fn begin_segment(&mut self, keys: &BeginSegment) -> Answer {
        let trace_id = keys.trace_id.as_deref().map(str::parse::<TraceId>).transpose();
        let trace_id = trace_id.map_err(|error| error.to_string())?;
        let mut context = self.recorder.trace_context(&CallerHeaders {
            trace_header: keys.header.as_deref().map(str::as_bytes),
            traceparent: keys.traceparent.as_deref().map(str::as_bytes),
            tracestate: None,
        });
        if context.header.root.is_none() {
            context.header.root = trace_id;
            // One that is no id counts as absent, as in a header.
            context.header.parent = keys.parent_id.as_deref().and_then(|id| id.parse().ok());
        }
        let header = keys.header.as_deref().map(TraceHeader::parse).unwrap_or_default();
        self.discard();
        let host = keys.host.as_deref();
        let name = keys.name.as_deref();
        let name = name.unwrap_or_else(|| self.naming.segment_name(&self.recorder, host));
        let request = SamplingRequest {
            host,
            method: keys.method.as_deref(),
            path: keys.path.as_deref(),
            ..SamplingRequest::default()
        };
        let mut builder = self.recorder.segment(name).context(context).request(request);
        if let Some(sampled) = keys.sampled {
            builder = builder.sampled(sampled);
        }
        if self.watched {
            builder = builder.watched();
        }
        let segment = builder.begin();
        let entity = Entity::clone(&segment);
        let answer = json!({
            "ok": true,
            "trace_id": entity.trace_id().to_string(),
            "id": entity.id().to_string(),
            "sampled": entity.is_sampled(),
        });
        self.trace = Some(Trace {
            subsegments: Vec::new(),
            segment: Open::new(segment, entity, name),
            asked: header.sampled == Some(Sampled::Requested),
        });
        Ok(answer)
    }

    pub(super) fn end_segment(&mut self, keys: &End) -> Answer {
        let at = time(keys)?;
        let Some(trace) = &mut self.trace else { return self.without("segment to end") };
        match (trace.segment.guard.take(), at) {
            (Some(guard), Some(at)) => guard.end_at(at),
            (Some(guard), None) => guard.end(),
            (None, _) => log::debug!("the segment has ended before"),
        }
        self.forget_ended();
        Ok(done())
    }

    pub(super) fn begin_subsegment(&mut self, keys: &BeginSubsegment) -> Answer {
        let namespace = match keys.namespace.as_deref() {
            None | Some("local") => None,
            Some("remote") => Some(Namespace::Remote),
            Some("aws") => Some(Namespace::Aws),
            Some(other) => {
                let known = "there are local, remote and aws";
                return Err(format!("no namespace is named {other:?}; {known}"));
            }
        };
        let begun = if keys.sampled == Some(false) && self.trace.is_some() {
            Entity::current().unsampled_subsegment()
        } else {
            // Without a segment, this does what the strategy says.
            Subsegment::begin(&keys.name)
        };
        let Some(trace) = &mut self.trace else { return Ok(json!({"ok": true, "id": null})) };
        if let Some(namespace) = namespace {
            begun.namespace(namespace);
        }
        let entity = Entity::clone(&begun);
        let id = entity.id().to_string();
        trace.subsegments.push(Open::new(begun, entity, &keys.name));
        Ok(json!({"ok": true, "id": id}))
    }

    pub(super) fn end_subsegment(&mut self, keys: &End) -> Answer {
        let at = time(keys)?;
        let open = self.trace.as_mut().and_then(|trace| trace.subsegments.pop());
        let Some(Open { guard, entered, .. }) = open else {
            return self.without("subsegment to end");
        };
        drop(entered);
        match (guard, at) {
            (Some(guard), Some(at)) => guard.end_at(at),
            (guard, _) => drop(guard),
        }
        self.forget_ended();
        Ok(done())
    }

    pub(super) fn current(&self) -> Value {
        match &self.trace {
            None => json!({"kind": null}),
            Some(trace) => match trace.subsegments.last() {
                Some(subsegment) => subsegment.describe("subsegment"),
                None => trace.segment.describe("segment"),
            },
        }
    }

    pub(super) fn downstream_header(&self, keys: &DownstreamHeader) -> Answer {
        if self.trace.is_none() {
            self.without("segment")?;
        }
        let entity = Entity::current();
        Ok(if keys.traceparent == Some(true) {
            json!({"value": entity.traceparent().map(|parent| parent.to_string())})
        } else {
            json!({"value": entity.trace_header().map(|header| header.to_string())})
        })
    }

    pub(super) fn response_header(&self) -> Answer {
        let Some(trace) = &self.trace else {
            self.without("segment")?;
            return Ok(json!({"value": null}));
        };
        let header = trace.segment.entity.response_header(trace.asked);
        Ok(json!({"value": header.map(|header| header.to_string())}))
    }

    /// Does something to the current entity.
    pub(super) fn set(&self, set: impl FnOnce(&Entity)) -> Answer {
        if self.trace.is_none() {
            return self.without("segment");
        }
        set(&Entity::current());
        Ok(done())
    }

    fn forget_ended(&mut self) {
        if self.trace.as_ref().is_some_and(Trace::has_ended) {
            self.trace = None;
        }
    }
}

fn time(keys: &End) -> Result<Option<SystemTime>, String> {
    let Some(number) = keys.end_time else { return Ok(None) };
    let at = SystemTime::UNIX_EPOCH.checked_add(seconds(number)?);
    at.map(Some).ok_or_else(|| format!("{number} is no time"))
}
