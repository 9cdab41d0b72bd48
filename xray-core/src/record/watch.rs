//! How requests end that the service wants to know of, for adaptive sampling.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU16, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{Recorder, sources::Beginning};
use crate::{
    SamplingRequest, TraceId,
    http::Outcome,
    sample::{Boosted, EndedRequest, RuleState, SamplingDecision},
};

/// A request that is counted for its rule when it ends.
#[derive(Debug)]
pub(crate) struct Watch {
    rule: Arc<RuleState>,
    boosted: Boosted,
    sampled: bool,
    /// These only where a condition of the user's looks at them.
    name: Option<Box<str>>,
    method: Option<Box<str>>,
    path: Option<Box<str>>,
}

impl Watch {
    /// `None` unless the rule is one that the service may boost, and this is the trace's first request.
    pub(super) fn of(
        decision: &SamplingDecision,
        recorder: &Recorder,
        name: &str,
        trace: Option<TraceId>,
        request: &SamplingRequest<'_>,
    ) -> Option<Box<Self>> {
        let (rule, boosted) = decision.boosted()?;
        let adaptive = recorder.inner().adaptive.as_ref()?;
        if !adaptive.is_first(trace, || recorder.sources().now()) {
            return None;
        }
        let kept = |text: Option<&str>| text.filter(|_| adaptive.looks_closer()).map(Box::from);
        // Few requests have one, and what has none is moved along.
        Some(Box::new(Self {
            rule: Arc::clone(rule),
            boosted,
            sampled: decision.is_sampled(),
            name: kept(Some(name)),
            method: kept(request.method),
            path: kept(request.path),
        }))
    }

    /// Counts the request.
    pub(super) fn settle(&self, recorder: &Recorder, end: End) {
        let Some(adaptive) = &recorder.inner().adaptive else { return };
        let ended = EndedRequest {
            name: self.name.as_deref().unwrap_or_default(),
            method: self.method.as_deref(),
            path: self.path.as_deref(),
            status: end.status,
            fault: end.fault,
            took: end.took,
            sampled: self.sampled,
        };
        let anomaly = adaptive.is_anomaly(self.boosted, &ended, recorder.counters());
        self.rule.anomalies.add(anomaly, self.sampled);
    }
}

/// What is known of a request at its end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct End {
    pub(super) status: Option<u16>,
    pub(super) fault: bool,
    pub(super) took: Duration,
}

/// A request that is watched and not recorded: of what happens in it only the outcome is kept.
#[derive(Debug)]
pub(crate) struct Unrecorded {
    watch: Box<Watch>,
    recorder: Recorder,
    beginning: Beginning,
    /// 0 is none.
    status: AtomicU16,
    fault: AtomicBool,
    exception: AtomicBool,
    ended: AtomicBool,
}

impl Unrecorded {
    pub(super) fn begin(watch: Box<Watch>, recorder: &Recorder) -> Arc<Self> {
        Arc::new(Self {
            watch,
            recorder: recorder.clone(),
            beginning: Beginning::now(recorder.sources()),
            status: AtomicU16::new(0),
            fault: AtomicBool::new(false),
            exception: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        })
    }

    pub(super) fn set_status(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    pub(super) fn set_fault(&self, fault: bool) {
        self.fault.store(fault, Ordering::Relaxed);
        if !fault {
            self.exception.store(false, Ordering::Relaxed);
        }
    }

    /// How it ended, where the status does not say so.
    pub(super) fn set_outcome(&self, outcome: Outcome) {
        match outcome {
            Outcome::Ok => {}
            Outcome::Error | Outcome::Throttle => self.exception.store(false, Ordering::Relaxed),
            Outcome::Fault => self.fault.store(true, Ordering::Relaxed),
        }
    }

    pub(super) fn record_exception(&self) {
        self.exception.store(true, Ordering::Relaxed);
    }

    /// Nobody wants to know how it ends.
    pub(super) fn discard(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// It ends now, or at a time that has been.
    pub(super) fn end(&self, at: Option<SystemTime>) {
        if self.ended.swap(true, Ordering::Relaxed) {
            return;
        }
        let status = Some(self.status.load(Ordering::Relaxed)).filter(|status| *status > 0);
        let outcome = status.map(Outcome::of_status);
        let refused = matches!(outcome, Some(Outcome::Error | Outcome::Throttle));
        let fault = self.fault.load(Ordering::Relaxed)
            || outcome == Some(Outcome::Fault)
            || (self.exception.load(Ordering::Relaxed) && !refused);
        let took = match at.and_then(|at| at.duration_since(UNIX_EPOCH).ok()) {
            Some(at) => at.saturating_sub(self.beginning.wall),
            None => self.beginning.elapsed(self.recorder.sources()),
        };
        self.watch.settle(&self.recorder, End { status, fault, took });
    }
}
