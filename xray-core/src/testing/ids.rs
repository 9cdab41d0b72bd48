use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::{SegmentId, TraceId};

/// Ids that count from 1, so that whole documents can be compared. A clone goes on where the other
/// is.
///
/// Trace ids, and the ids of segments, subsegments and recorded errors, count together. An
/// [`Exception`](crate::document::Exception) that is built by hand keeps the id it has.
#[derive(Clone, Debug, Default)]
pub struct TestIds {
    given: Arc<AtomicU64>,
}

impl TestIds {
    /// The first id will end with 1.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn trace_id(&self, seconds: u64) -> TraceId {
        TraceId::from_parts(seconds, 0, self.next())
    }

    pub(crate) fn segment_id(&self) -> SegmentId {
        SegmentId::from_bits(self.next())
    }

    fn next(&self) -> u64 {
        self.given.fetch_add(1, Ordering::Relaxed) + 1
    }
}
