use std::fmt;

use super::Entity;
use crate::{SegmentId, TraceId};

/// What a line of a log says so that it is found with its trace: shown as
/// `AWS-XRAY-TRACE-ID: <trace>@<entity>`, which is what X-Ray's console searches for and what the
/// official Java SDK writes.
///
/// `xray-tracing` puts it into the lines of `tracing`. With the `log` crate, ask for it in the logger's
/// format, where each line is made:
///
/// ```
/// # let (level, message) = ("INFO", "paid");
/// # let mut out = String::new();
/// # use std::fmt::Write;
/// use xray_core::TraceIds;
///
/// match TraceIds::current() {
///     Some(ids) => writeln!(out, "{level} {message} {ids}")?,
///     None => writeln!(out, "{level} {message}")?,
/// }
/// # assert_eq!(out, "INFO paid\n");
/// # Ok::<(), std::fmt::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceIds {
    /// The trace.
    pub trace_id: TraceId,
    /// The segment or subsegment.
    pub segment_id: SegmentId,
}

impl TraceIds {
    /// Those of the [current entity](Entity::current); `None` where nothing is recorded.
    #[must_use]
    pub fn current() -> Option<Self> {
        Self::of(&Entity::current())
    }

    /// Those of an entity; `None` where nothing is recorded.
    #[must_use]
    pub fn of(entity: &Entity) -> Option<Self> {
        entity.is_sampled().then(|| Self { trace_id: entity.trace_id(), segment_id: entity.id() })
    }
}

impl fmt::Display for TraceIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AWS-XRAY-TRACE-ID: {}@{}", self.trace_id, self.segment_id)
    }
}
