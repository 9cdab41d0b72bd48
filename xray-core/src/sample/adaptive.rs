use std::{
    collections::HashSet,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use super::central::Boosted;
use crate::{TraceId, emit::lock, stats::Counters, sync::Mutex};

/// Which requests are anomalies, for [`CentralizedSampling::adaptive`](super::CentralizedSampling::adaptive):
/// faults, and what is added here. Where there is a status it says alone what is a fault, as AWS's
/// OpenTelemetry distributions have it: one above 499.
///
/// They are counted for each rule of the service that has a `SamplingRateBoost`, sampled or not, so that
/// the service can raise the rule's rate while something is wrong. Only requests are counted about which
/// the rules of this process decided, and each trace once.
///
/// ```
/// use std::time::Duration;
/// use xray_core::sample::{AdaptiveSampling, CentralizedSampling};
///
/// let adaptive = AdaptiveSampling::new()
///     .slower_than(Duration::from_secs(3))
///     .when(|ended| ended.status == Some(429));
/// let sampling = CentralizedSampling::new().adaptive(adaptive);
/// # let _ = sampling;
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct AdaptiveSampling {
    slower_than: Option<Duration>,
    wanted: Option<Arc<Wanted>>,
    seen: Arc<Mutex<Seen>>,
}

type Wanted = dyn Fn(&EndedRequest<'_>) -> bool + Send + Sync;

/// How a request ended, whether it was recorded or not.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EndedRequest<'a> {
    /// The name of its segment.
    pub name: &'a str,
    /// The HTTP method, where there is one.
    pub method: Option<&'a str>,
    /// The path without query, where there is one.
    pub path: Option<&'a str>,
    /// The status of its response, if it had one.
    pub status: Option<u16>,
    /// Whether it is a fault.
    pub fault: bool,
    /// How long it took.
    pub took: Duration,
    /// Whether it was sampled.
    pub sampled: bool,
}

impl AdaptiveSampling {
    /// Faults alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Requests that took longer than `limit`, too.
    pub fn slower_than(mut self, limit: Duration) -> Self {
        self.slower_than = Some(limit);
        self
    }

    /// Requests that `wanted` wants, too. It runs on the thread that ends the segment.
    pub fn when(
        mut self,
        wanted: impl Fn(&EndedRequest<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.wanted = Some(Arc::new(wanted));
        self
    }

    /// For a recorder of its own, which has seen nothing yet.
    pub(crate) fn anew(self) -> Self {
        Self { seen: Arc::default(), ..self }
    }

    /// Whether names and paths have to be remembered.
    pub(crate) fn looks_closer(&self) -> bool {
        self.wanted.is_some()
    }

    /// Whether this trace is counted now; it is once, also if it passes through this service again.
    pub(crate) fn is_first(&self, trace: Option<TraceId>, now: impl FnOnce() -> Duration) -> bool {
        trace.is_none_or(|trace| lock(&self.seen).insert(trace, now()))
    }

    pub(crate) fn is_anomaly(
        &self,
        boosted: Boosted,
        ended: &EndedRequest<'_>,
        counters: &Counters,
    ) -> bool {
        // By its status where it has one, as AWS's OpenTelemetry distributions do.
        let failed = ended.status.map_or(ended.fault, |status| status > 499);
        (boosted.faults_count && failed)
            || self.slower_than.is_some_and(|limit| ended.took > limit)
            || self.wanted.as_ref().is_some_and(|wanted| caught(|| wanted(ended), counters))
    }
}

/// A predicate that panics wants nothing; the panic is not the request's concern.
pub(crate) fn caught(wanted: impl FnOnce() -> bool, counters: &Counters) -> bool {
    catch_unwind(AssertUnwindSafe(wanted)).unwrap_or_else(|_| {
        if counters.hook_panicked() {
            crate::logging::error!(
                "a predicate of Keep or AdaptiveSampling panicked; that is a no"
            );
        }
        false
    })
}

// Its panics are caught, so a recorder stays usable in code that catches panics of its own.
impl std::panic::UnwindSafe for AdaptiveSampling {}
impl std::panic::RefUnwindSafe for AdaptiveSampling {}

impl fmt::Debug for AdaptiveSampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdaptiveSampling")
            .field("slower_than", &self.slower_than)
            .finish_non_exhaustive()
    }
}

/// Traces are remembered for five to ten minutes, in two generations.
const GENERATION: Duration = Duration::from_secs(300);

/// Most traces of a generation; after so many the next one begins early.
const MAX_SEEN: usize = 8_192;

/// The traces that were counted lately.
#[derive(Debug, Default)]
struct Seen {
    young: HashSet<TraceId>,
    old: HashSet<TraceId>,
    began: Duration,
}

impl Seen {
    /// Whether it is new. `now` is since the epoch.
    fn insert(&mut self, trace: TraceId, now: Duration) -> bool {
        // A clock that was set back begins a generation as well.
        let age = now.checked_sub(self.began);
        if self.young.len() >= MAX_SEEN || age.is_none_or(|age| age >= GENERATION) {
            self.old = std::mem::take(&mut self.young);
            self.began = now;
        }
        !self.old.contains(&trace) && self.young.insert(trace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_new_once_in_ten_minutes() {
        let mut seen = Seen::default();
        let at = Duration::from_secs;
        let (one, other) = (TraceId::with_time(1), TraceId::with_time(1));
        assert!(seen.insert(one, at(1_000)) && seen.insert(other, at(1_000)));
        assert!(!seen.insert(one, at(1_299)) && !seen.insert(one, at(1_301)));
        assert!(seen.insert(one, at(2_000)));
    }

    #[test]
    fn memory_of_traces_is_bounded() {
        let mut seen = Seen::default();
        for _ in 0..3 * MAX_SEEN {
            seen.insert(TraceId::with_time(1), Duration::ZERO);
        }
        assert!(seen.young.len() + seen.old.len() <= 2 * MAX_SEEN);
    }
}
