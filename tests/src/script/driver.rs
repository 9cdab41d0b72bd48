use serde_json::{Value, json};
use xray_core::http::ServerPolicy;
use xray_core::testing::TestClock;
use xray_core::{ContextMissing, FlushGuard, Recorder};

use super::configure::defaults;
use super::exceptions::Known;
use super::line::{Line, Named};
use super::trace::Trace;
use super::{Answer, exceptions, fields, questions};

/// How long the end of the input waits for what has not left.
const LAST_FLUSH: f64 = 10.0;

/// The state between two lines.
pub(super) struct Driver {
    pub(super) recorder: Recorder,
    /// The recorder is the process's own, as in a program; `None` only between two recorders.
    pub(super) installed: Option<FlushGuard>,
    pub(super) naming: ServerPolicy,
    /// Segments are shown before they end, since the script asked for it.
    pub(super) watched: bool,
    pub(super) virtual_time: VirtualTime,
    /// What is open, if anything is.
    pub(super) trace: Option<Trace>,
    pub(super) exceptions: Named<Known>,
}

/// The same rules under a clock that the script moves. Documents go by the real clock, so this
/// recorder only decides.
pub(super) struct VirtualTime {
    pub(super) recorder: Recorder,
    pub(super) clock: TestClock,
    pub(super) at: Option<f64>,
}

impl Driver {
    pub(super) fn new() -> Self {
        defaults()
    }

    pub(super) fn obey(&mut self, line: Line) -> Answer {
        match line {
            Line::Configure(keys) => self.configure(&keys),
            Line::BeginSegment(keys) => self.begin_segment(&keys),
            Line::EndSegment(keys) => self.end_segment(&keys),
            Line::BeginSubsegment(keys) => self.begin_subsegment(&keys),
            Line::EndSubsegment(keys) => self.end_subsegment(&keys),
            Line::Current(_) => Ok(self.current()),
            Line::DownstreamHeader(keys) => self.downstream_header(&keys),
            Line::ResponseHeader(_) => self.response_header(),
            Line::Annotate(keys) => self.set(|on| fields::annotate(on, &keys)),
            Line::Metadata(keys) => self.set(|on| fields::metadata(on, &keys)),
            Line::Http(keys) => self.set(|on| fields::http(on, &keys)),
            Line::Status(keys) => self.set(|on| fields::status(on, &keys.status)),
            Line::Aws(keys) => self.set(|on| fields::aws(on, &keys)),
            Line::Sql(keys) => self.set(|on| fields::sql(on, &keys)),
            Line::Service(keys) => self.set(|on| fields::service(on, &keys)),
            Line::User(keys) => self.set(|on| on.user(&keys.value)),
            Line::Origin(keys) => self.set(|on| on.origin(&keys.value)),
            Line::ResourceArn(keys) => self.set(|on| on.resource_arn(&keys.value)),
            Line::Precursor(keys) => self.set(|on| fields::precursor(on, &keys)),
            Line::Flag(keys) => self.set(|on| fields::flag(on, &keys)),
            Line::Link(keys) => self.set(|on| fields::link(on, &keys)),
            Line::Exception(keys) => {
                exceptions::define(&mut self.exceptions, &keys)?;
                if keys.record == Some(false) {
                    return Ok(done());
                }
                self.set(|on| on.record_exceptions(&exceptions::chain(&self.exceptions, &keys.key)))
            }
            Line::ParseHeader(keys) => Ok(questions::parse_header(&keys)),
            Line::ParseTraceparent(keys) => questions::parse_traceparent(&keys),
            Line::Match(keys) => Ok(questions::matches(&keys)),
            Line::Name(keys) => questions::name(&keys),
            Line::ScrubSql(keys) => Ok(questions::scrub_sql(&keys)),
            Line::ScrubUrl(keys) => Ok(questions::scrub_url(&keys)),
            Line::Sample(keys) => self.sample(&keys),
            Line::Stats(_) => Ok(questions::stats(&self.recorder)),
            Line::Flush(keys) => questions::flush(&self.recorder, keys.timeout),
        }
    }

    /// The input has ended.
    pub(super) fn finish(mut self) {
        self.discard();
        if questions::flush(&self.recorder, Some(LAST_FLUSH)) != Ok(json!({"ok": true})) {
            log::warn!("some documents did not leave");
        }
    }

    /// Throws away what is open.
    pub(super) fn discard(&mut self) {
        if let Some(trace) = self.trace.take() {
            trace.discard();
        }
    }

    /// What a line that needs a segment is answered with where there is none.
    pub(super) fn without(&self, what: &str) -> Answer {
        match self.recorder.context_missing() {
            ContextMissing::RuntimeError => Err(format!("there is no {what}")),
            strategy => {
                if strategy == ContextMissing::LogError {
                    log::error!("there is no {what}");
                }
                Ok(done())
            }
        }
    }
}

pub(super) fn done() -> Value {
    json!({"ok": true})
}
