use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{
    SegmentId, TraceId,
    testing::{TestClock, TestIds},
};

/// Where times and ids come from: the system, or what a test put in its place.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(super) clock: Option<TestClock>,
    pub(super) ids: Option<TestIds>,
}

impl Sources {
    /// Since the epoch, by the wall clock.
    pub(crate) fn now(&self) -> Duration {
        match &self.clock {
            None => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            Some(clock) => clock.since_epoch(),
        }
    }

    pub(crate) fn clock(&self) -> Option<&TestClock> {
        self.clock.as_ref()
    }

    /// Whether ids come from a test.
    pub(super) fn gives_ids(&self) -> bool {
        self.ids.is_some()
    }

    /// The id of a trace that begins so many seconds after the epoch.
    pub(crate) fn trace_id(&self, seconds: u64) -> TraceId {
        match &self.ids {
            None => TraceId::with_time(seconds),
            Some(ids) => ids.trace_id(seconds),
        }
    }

    pub(crate) fn segment_id(&self) -> SegmentId {
        match &self.ids {
            None => SegmentId::random(),
            Some(ids) => ids.segment_id(),
        }
    }
}
