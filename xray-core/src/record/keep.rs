use std::{fmt, sync::Arc, time::Duration};

use super::{Data, Tree, watch::End};
use crate::{
    document::Document,
    sample::{caught, reservoir::Reservoir},
    stats::{self, Counters},
};

/// Which requests are kept although the sampling decision was no: those that turn out to matter.
///
/// With it, a request that is not sampled is recorded all the same and thrown away at its end, unless
/// it is worth keeping. That costs as much as recording; only sending is saved. The services it called
/// were told `Sampled=0` long before, so of a kept trace only this service's part is there.
///
/// A clone shares the limit: recorders that are given the same one keep so many together.
///
/// ```
/// use std::time::Duration;
/// use xray_core::{Keep, Recorder};
///
/// let keep = Keep::at_most(5).faults().slower_than(Duration::from_secs(2));
/// let xray = Recorder::builder("orders").keep(keep).build()?;
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Keep {
    faults: bool,
    slower_than: Option<Duration>,
    wanted: Option<Arc<Wanted>>,
    per_second: u32,
    reservoir: Arc<Reservoir>,
}

type Wanted = dyn Fn(&Document<'_>) -> bool + Send + Sync;

/// What becomes of a request that was not sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Kept,
    Capped,
    Discarded,
}

impl Fate {
    /// Whether it is kept, which is counted.
    pub(super) fn counted(self, counters: &Counters) -> bool {
        match self {
            Self::Kept => stats::add(&counters.kept, 1),
            Self::Capped => stats::add(&counters.kept_capped, 1),
            Self::Discarded => {}
        }
        self == Self::Kept
    }
}

impl Keep {
    /// Keeps nothing yet but what code asks for with
    /// [`force_sampling`](crate::Entity::force_sampling), and of all else never more than `per_second`
    /// segments a second.
    pub fn at_most(per_second: u32) -> Self {
        Self {
            faults: false,
            slower_than: None,
            wanted: None,
            per_second,
            reservoir: Arc::default(),
        }
    }

    /// Keeps what code asks for with [`force_sampling`](crate::Entity::force_sampling), and nothing else.
    pub fn on_demand() -> Self {
        Self::at_most(0)
    }

    /// Keeps segments that are a fault.
    pub fn faults(mut self) -> Self {
        self.faults = true;
        self
    }

    /// Keeps segments that took longer than `limit`.
    pub fn slower_than(mut self, limit: Duration) -> Self {
        self.slower_than = Some(limit);
        self
    }

    /// Keeps segments that `wanted` wants. It runs on the thread that ends the segment.
    pub fn when(mut self, wanted: impl Fn(&Document<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.wanted = Some(Arc::new(wanted));
        self
    }

    /// What becomes of a segment that ended so; `record` gives the rest of it, and `second` the current
    /// second of the wall clock.
    pub(super) fn judge<'r>(
        &self,
        end: End,
        record: impl FnOnce() -> &'r Data,
        second: impl FnOnce() -> u64,
        counters: &Counters,
    ) -> Fate {
        let is_wanted = |wanted: &Wanted| {
            let document = Tree::new(record()).document(0);
            caught(|| wanted(&document), counters)
        };
        let worth = (self.faults && end.fault)
            || self.slower_than.is_some_and(|limit| end.took > limit)
            || self.wanted.as_deref().is_some_and(is_wanted);
        match worth {
            false => Fate::Discarded,
            true if self.reservoir.take(second(), self.per_second) => Fate::Kept,
            true => Fate::Capped,
        }
    }
}

// Its panics are caught, so a recorder stays usable in code that catches panics of its own.
impl std::panic::UnwindSafe for Keep {}
impl std::panic::RefUnwindSafe for Keep {}

impl fmt::Debug for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keep")
            .field("faults", &self.faults)
            .field("slower_than", &self.slower_than)
            .field("per_second", &self.per_second)
            .finish_non_exhaustive()
    }
}
