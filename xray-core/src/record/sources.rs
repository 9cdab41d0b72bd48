use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::ticks::Moment;
use crate::{
    SegmentId, TraceId,
    testing::{TestChance, TestClock, TestIds},
};

/// Where times, ids and chance come from: the system, or what a test put in its place.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(super) clock: Option<TestClock>,
    pub(super) ids: Option<TestIds>,
    pub(super) chance: Option<TestChance>,
}

impl Sources {
    /// Since the epoch, by the wall clock.
    pub(crate) fn now(&self) -> Duration {
        since_epoch(self.clock.as_ref())
    }

    pub(super) fn clock(&self) -> Option<&TestClock> {
        self.clock.as_ref()
    }

    /// Whether something of this probability happens.
    pub(crate) fn hits(&self, rate: f64) -> bool {
        match &self.chance {
            None => rand::random::<f64>() < rate,
            Some(chance) => chance.hits(rate),
        }
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

/// By the wall clock, or what stands in for it.
pub(crate) fn since_epoch(clock: Option<&TestClock>) -> Duration {
    match clock {
        None => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        Some(clock) => clock.since_epoch(),
    }
}

/// When something began: the one reading of the wall clock, and the monotonic clock for all that is
/// measured from it, so that a clock step cannot make a negative duration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beginning {
    pub(super) wall: Duration,
    mono: Moment,
}

impl Beginning {
    /// Of what has not begun.
    pub(super) const NEVER: Self = Self { wall: Duration::ZERO, mono: Moment::Never };

    pub(super) fn now(sources: &Sources) -> Self {
        let (mono, wall) = Moment::now_and_wall();
        // Not read again, since a test may stop its clock.
        let wall = sources.clock.as_ref().map_or(wall, TestClock::since_epoch);
        Self { wall, mono }
    }

    /// Of what began so long ago.
    pub(super) fn ago(ago: Duration, sources: &Sources) -> Self {
        let now = Self::now(sources);
        let begun = Instant::now().checked_sub(ago);
        // Longer ago than the machine runs: it counts as now.
        let Some(mono) = begun.map(Moment::System) else { return now };
        Self { wall: now.wall.saturating_sub(ago), mono }
    }

    pub(super) fn elapsed(&self, sources: &Sources) -> Duration {
        Duration::from_micros(self.micros(sources))
    }

    /// Microseconds since.
    #[inline]
    pub(super) fn micros(&self, sources: &Sources) -> u64 {
        match &sources.clock {
            None => self.mono.micros(),
            Some(clock) => clock.since_epoch().saturating_sub(self.wall).as_micros() as u64,
        }
    }
}
