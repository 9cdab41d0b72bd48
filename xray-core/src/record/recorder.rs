use std::{fmt, sync::Arc, time::Duration};

use super::{
    Common, ContextMissing, Entity, Keep, RecorderBuilder, Segment, SegmentBuilder,
    entity::{Facade, Passing},
    install,
    sources::Sources,
};
use crate::{
    FlushGuard, SamplingRequest, SegmentId, TraceHeader, TraceId,
    emit::{Flush, Hub},
    environment::Reader,
    header::{CallerHeaders, Carried, Propagation, Sampled, TraceContext},
    sample::{AdaptiveSampling, RuleSource, Sampler, SamplingDecision, SamplingStatus},
    stats::{self, Counters, Stats},
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
    pub(super) propagation: Propagation,
    pub(super) context_missing: ContextMissing,
    pub(super) sampler: Sampler,
    pub(super) adaptive: Option<AdaptiveSampling>,
    pub(super) sources: Sources,
    pub(super) streaming_threshold: usize,
    pub(super) collect_sql_queries: bool,
    pub(super) variables: Reader,
    pub(super) keep: Option<Keep>,
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

    /// As [`installed`](Self::installed), for what serves requests: if there never was one, the log says so once.
    #[must_use]
    pub fn installed_or_told() -> Option<Self> {
        install::installed_or_told()
    }

    /// Begins a segment of its own trace, if the sampling rules want it.
    pub fn begin_segment(&self, name: &str) -> Segment {
        self.segment(name).begin()
    }

    /// A segment to be, to which a caller's header and a request can be added.
    pub fn segment<'a>(&'a self, name: &'a str) -> SegmentBuilder<'a> {
        SegmentBuilder::new(self, name)
    }

    /// An entity for a segment that somebody else emits, as AWS Lambda does for its functions: it is
    /// never sent, and each subsegment begun under it leaves in a document of its own.
    ///
    /// The header decides alone. `Sampled=1` with a parent records; `Sampled=0` and `Sampled=?` record
    /// nothing, and calls say so; a header without decision passes through unchanged; without a trace
    /// nothing is recorded and calls say nothing.
    ///
    /// ```
    /// use xray_core::{Recorder, Subsegment, TraceHeader};
    ///
    /// let xray = Recorder::builder("function").streaming_threshold(0).build()?;
    /// let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    /// let facade = xray.facade(&TraceHeader::parse(header));
    /// let _entered = facade.enter();
    /// Subsegment::begin("handler").end(); // leaves at once, as a child of 53995c3f42cd8ad8
    /// # Ok::<(), xray_core::Error>(())
    /// ```
    #[must_use]
    pub fn facade(&self, header: &TraceHeader) -> Entity {
        self.facade_in(&header.clone().into())
    }

    pub(super) fn facade_in(&self, context: &TraceContext) -> Entity {
        if !self.inner.enabled {
            return Entity::ABSENT;
        }
        let carried = self.carried(context);
        let header = &context.header;
        let Some(trace_id) = header.root else {
            crate::logging::debug!("an invocation without a trace records nothing");
            let nothing =
                Passing::new(self, (TraceId::NOOP, None, false), SegmentId::NOOP, carried);
            return Entity::passing(Passing { decided: false, ..nothing });
        };
        match (header.sampled, header.parent) {
            (Some(Sampled::Yes), Some(id)) => {
                stats::add(&self.inner.counters.sampled, 1);
                Entity::facade(Facade { recorder: self.clone(), trace_id, id, carried })
            }
            (sampled, parent) => {
                stats::add(&self.inner.counters.unsampled, 1);
                let passing =
                    Passing::new(self, (trace_id, parent, true), SegmentId::NOOP, carried);
                Entity::passing(Passing { decided: sampled.is_some(), ..passing })
            }
        }
    }

    /// What a caller's tracing headers say together; see [`header`](crate::header) for the rules.
    #[must_use]
    pub fn trace_context(&self, caller: &CallerHeaders<'_>) -> TraceContext {
        TraceContext::read(caller, self.inner.propagation)
    }

    /// [`facade`](Self::facade) of the header that AWS Lambda puts into the environment for each
    /// invocation. Where invocations run side by side that is the wrong one: take the header of the
    /// invocation's own context there.
    #[must_use]
    pub fn facade_of_environment(&self) -> Entity {
        self.facade(&self.header_of_environment())
    }

    pub(super) fn header_of_environment(&self) -> TraceHeader {
        let header = self.inner.variables.get("_X_AMZN_TRACE_ID").unwrap_or_default();
        TraceHeader::parse(&header)
    }

    /// The name of the AWS Lambda function that this program is; `None` where it is none.
    #[must_use]
    pub fn function_name(&self) -> Option<String> {
        self.inner.variables.get("AWS_LAMBDA_FUNCTION_NAME")
    }

    /// Whether integrations should record the text of queries.
    #[must_use]
    pub fn collects_sql_queries(&self) -> bool {
        self.inner.collect_sql_queries
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

    /// What a subsegment without a segment does, after the environment had its say.
    #[must_use]
    pub fn context_missing(&self) -> ContextMissing {
        self.inner.context_missing
    }

    /// Whether the sampling rules want this request recorded. It counts as one: what a rule gives per
    /// second is used up by asking. [`begin_segment`](Self::begin_segment) asks by itself.
    ///
    /// ```
    /// use xray_core::{Recorder, SamplingRequest, sample::LocalRules};
    ///
    /// let xray = Recorder::builder("orders").sampling_rules(LocalRules::everything()).build()?;
    /// assert!(xray.sample(&SamplingRequest::default()).is_sampled());
    /// # Ok::<(), xray_core::Error>(())
    /// ```
    pub fn sample(&self, request: &SamplingRequest<'_>) -> SamplingDecision {
        let inner = &*self.inner;
        if !inner.enabled {
            return SamplingDecision::without_rule(false);
        }
        let request =
            SamplingRequest { service: request.service.or(Some(&inner.service)), ..*request };
        let service_type = || inner.common.detection.current().origin();
        inner.sampler.decide(
            request,
            service_type,
            || self.second(),
            |rate| inner.sources.hits(rate),
        )
    }

    /// How it is decided now which requests are recorded, and what was decided so far.
    ///
    /// ```
    /// use xray_core::{Recorder, sample::{LocalRules, RuleSource}};
    ///
    /// let xray = Recorder::builder("orders").sampling_rules(LocalRules::everything()).build()?;
    /// xray.begin_segment("order").end();
    /// let status = xray.sampling_status();
    /// assert_eq!(status.source, RuleSource::Local);
    /// assert_eq!((status.rules[0].name.as_str(), status.rules[0].by_rate), ("default", 1));
    /// # Ok::<(), xray_core::Error>(())
    /// ```
    #[must_use]
    pub fn sampling_status(&self) -> SamplingStatus {
        let mut status = self.inner.sampler.status(self.second());
        if !self.inner.enabled {
            status.source = RuleSource::Off;
        }
        status
    }

    /// What was recorded, sent and lost so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.inner.counters.snapshot()
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

    /// The current second of the wall clock.
    pub(crate) fn second(&self) -> u64 {
        self.inner.sources.now().as_secs()
    }

    pub(super) fn sources(&self) -> &Sources {
        &self.inner.sources
    }

    pub(super) fn carried(&self, context: &TraceContext) -> Carried {
        Carried::new(context, self.inner.propagation)
    }

    pub(super) fn keep(&self) -> Option<&Keep> {
        self.inner.keep.as_ref()
    }

    pub(super) fn streaming_threshold(&self) -> usize {
        self.inner.streaming_threshold
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// Tells recorders apart; a clone has the same.
    pub(super) fn key(&self) -> usize {
        Arc::as_ptr(&self.inner).addr()
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
