use std::{fmt, sync::Arc, time::Duration};

use super::{Common, RecorderBuilder, Segment, SegmentBuilder, builder::ContextMissing, install};
use crate::{
    FlushGuard,
    emit::{Flush, Hub},
    sample::LocalSampler,
    stats::{Counters, Stats},
};

/// Records the traces of one service. A clone is cheap and is the same recorder.
///
/// ```
/// use xray_core::{Recorder, Segment};
///
/// let xray = Recorder::builder("orders").build()?;
/// let _flush = xray.install(); // sends what waits when it is dropped
///
/// let segment = Segment::begin("nightly report");
/// segment.annotate("pages", 12);
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Recorder {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) service: String,
    pub(super) enabled: bool,
    pub(super) random_noop_ids: bool,
    pub(super) context_missing: ContextMissing,
    pub(super) sampler: LocalSampler,
    pub(super) streaming_threshold: usize,
    pub(super) common: Arc<Common>,
    pub(super) counters: Arc<Counters>,
    pub(super) hub: Hub,
}

impl Recorder {
    /// Begins to build a recorder for the service of this name.
    pub fn builder(service: &str) -> RecorderBuilder {
        RecorderBuilder::new(service)
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// Makes this the recorder of the process: the one that middleware and free functions use when
    /// they are given none. The guard sends what waits when it is dropped, so keep it in `main`.
    pub fn install(&self) -> FlushGuard {
        install::install(self)
    }

    /// The recorder of the process, if one is installed.
    #[must_use]
    pub fn installed() -> Option<Self> {
        install::installed()
    }

    /// Begins a segment of its own trace, if the sampling rules want it.
    pub fn begin_segment(&self, name: &str) -> Segment {
        self.segment(name).begin()
    }

    /// A segment to be, to which a caller's header and a request can be added.
    pub fn segment<'a>(&'a self, name: &'a str) -> SegmentBuilder<'a> {
        SegmentBuilder::new(self, name)
    }

    /// The service's name.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.inner.service
    }

    /// Whether the environment left recording on.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.inner.enabled
    }

    /// What was recorded, sent and lost so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats { queued: self.inner.hub.queued(), ..self.inner.counters.snapshot() }
    }

    /// Waits until all that has ended has left, at most for `timeout`; `true` if it has.
    ///
    /// Segments that wait for open subsegments leave as well. It blocks the thread, in a runtime
    /// too; await the [`FlushGuard`] where that matters.
    #[expect(clippy::must_use_candidate, reason = "most callers only want to wait")]
    pub fn flush(&self, timeout: Duration) -> bool {
        self.begin_flush(timeout).wait()
    }

    /// Waits until the search for AWS resources has ended, at most for `timeout`; `true` if it has.
    ///
    /// Only short programs need it, whose first segments would leave before. It blocks the thread;
    /// see [`RecorderBuilder::detect`].
    #[expect(clippy::must_use_candidate, reason = "most callers only want to wait")]
    pub fn wait_for_environment(&self, timeout: Duration) -> bool {
        self.inner.common.detection.wait(timeout)
    }

    pub(crate) fn begin_flush(&self, timeout: Duration) -> Arc<Flush> {
        self.inner.hub.flush(timeout)
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.inner.hub
    }

    pub(crate) fn common(&self) -> &Arc<Common> {
        &self.inner.common
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.inner.counters
    }

    pub(super) fn streaming_threshold(&self) -> usize {
        self.inner.streaming_threshold
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.inner
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("service", &self.inner.service)
            .field("enabled", &self.inner.enabled)
            .finish_non_exhaustive()
    }
}
