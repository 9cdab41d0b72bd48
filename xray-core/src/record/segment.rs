use std::{future::poll_fn, mem, ops::Deref, pin::pin, thread, time::SystemTime};

use super::{
    Entity, Live, Recorder,
    entity::Passing,
    settle::noted_name,
    slots::Place,
    state::{Provisional, Role},
    watch::{Unrecorded, Watch},
};
use crate::{
    Error, SegmentId, TraceId,
    document::{MAX_SHORT_TEXT, cut, is_name},
    emit::Ticket,
    header::{Sampled, TraceContext, TraceHeader},
    sample::{SamplingDecision, SamplingRequest},
    stats,
};

/// A segment: one service's part of a trace. It ends when it is dropped.
///
/// A segment that is begun is not yet the current one: run code in it with
/// [`scope`](Entity::scope), [`enter`](Entity::enter) or [`segment`].
///
/// ```
/// use xray_core::Segment;
///
/// let segment = Segment::begin("settle payments");
/// segment.annotate("batch", 7);
/// let query = segment.subsegment("read open payments");
/// query.end();
/// ```
#[derive(Debug)]
#[must_use = "a segment ends when it is dropped"]
pub struct Segment {
    entity: Entity,
    /// Begun by a destructor while a panic of something else went by.
    unwinding: bool,
    /// Its place among the segments that run, so that a long one is shown.
    ticket: Option<Ticket>,
}

impl Segment {
    fn new(entity: Entity) -> Self {
        Self { entity, unwinding: thread::panicking(), ticket: None }
    }

    /// One that records nothing, and knows of no trace.
    pub(crate) fn absent() -> Self {
        Self::new(Entity::ABSENT)
    }

    /// A request that a function serves: it has a segment, Lambda's, so this is a subsegment.
    pub(crate) fn of_function(function: &Entity, name: &str) -> Self {
        // What it lies in is open as long as it is, or has been looked at: `finish` never takes it for a whole.
        let entity = function.subsegment(name).into_entity();
        entity.serves();
        Self::new(entity)
    }

    #[inline]
    fn finish(&mut self, at: Option<SystemTime>) {
        if let Some(ticket) = self.ticket.take() {
            self.entity.unwatch(&ticket);
        }
        mem::replace(&mut self.entity, Entity::ABSENT).finish(at);
    }

    /// Begins a segment of its own trace with the installed recorder, if its sampling rules want it.
    /// With no recorder installed nothing is recorded.
    pub fn begin(name: &str) -> Self {
        match Recorder::installed() {
            Some(recorder) => recorder.begin_segment(name),
            None => Self::absent(),
        }
    }

    /// Ends the segment now.
    pub fn end(self) {}

    /// Ends the segment at a time that has been; one before its begin counts as its begin.
    pub fn end_at(mut self, at: SystemTime) {
        self.finish(Some(at));
    }
}

impl Deref for Segment {
    type Target = Entity;

    fn deref(&self) -> &Entity {
        &self.entity
    }
}

impl Drop for Segment {
    #[inline]
    fn drop(&mut self) {
        if self.entity.has_end() {
            self.end_unless_ended();
        }
    }
}

impl Segment {
    async fn work<T>(self, work: impl AsyncFnOnce(Entity) -> T) -> T {
        let entity = self.entity.clone();
        let mut work = pin!(self.scope(async { work(entity).await }));
        poll_fn(|cx| self.recording_panics(|| work.as_mut().poll(cx))).await
    }

    fn end_unless_ended(&mut self) {
        if thread::panicking() && !self.unwinding {
            self.entity.record_failure("panic", "the code of the segment panicked", true);
        }
        self.finish(None);
    }
}

/// A segment to be. Made by [`Recorder::segment`].
#[derive(Debug)]
#[must_use = "nothing is recorded before `begin`"]
pub struct SegmentBuilder<'a> {
    recorder: &'a Recorder,
    name: &'a str,
    context: TraceContext,
    request: SamplingRequest<'a>,
    sampled: Option<bool>,
    watched: bool,
}

impl<'a> SegmentBuilder<'a> {
    pub(super) fn new(recorder: &'a Recorder, name: &'a str) -> Self {
        Self {
            recorder,
            name,
            context: TraceContext::default(),
            request: SamplingRequest::default(),
            sampled: None,
            watched: false,
        }
    }

    /// Continues the trace of a caller. Its decision beats all others.
    pub fn header(self, header: TraceHeader) -> Self {
        self.context(header.into())
    }

    /// Continues the trace of a caller that may have sent several headers. Its decision beats all
    /// others.
    pub fn context(mut self, context: TraceContext) -> Self {
        self.context = context;
        self
    }

    /// What the sampling rules are asked about. Work that no request starts is matched by the segment's
    /// name, as the name of a service, and by the service's type.
    pub fn request(mut self, request: SamplingRequest<'a>) -> Self {
        self.request = request;
        self
    }

    /// Decides in place of the sampling rules.
    pub fn sampled(mut self, sampled: bool) -> Self {
        self.sampled = Some(sampled);
        self
    }

    /// Sends the segment before its end, marked as in progress, if it runs for longer than
    /// [`in_progress_after`](crate::RecorderBuilder::in_progress_after): for what serves a request.
    /// The middlewares do so.
    pub fn watched(mut self) -> Self {
        self.watched = true;
        self
    }

    /// Begins the segment if its name can be recorded; [`begin`](Self::begin) takes the service's
    /// name where it cannot.
    ///
    /// # Errors
    /// The name has no character that X-Ray takes.
    pub fn try_begin(self) -> Result<Segment, Error> {
        if !is_name(self.name) {
            return Err(Error::config(format!(
                "segment name {:?} has no character that X-Ray takes: give it a letter or a digit",
                cut(self.name, MAX_SHORT_TEXT)
            )));
        }
        Ok(self.begin())
    }

    /// Begins the segment.
    pub fn begin(self) -> Segment {
        let inner = self.recorder.inner();
        if !inner.enabled {
            return Segment::new(Entity::ABSENT);
        }
        let decision = self.decide();
        // The usual case of most services.
        if !decision.is_sampled() && inner.keep.is_none() && decision.boosted().is_none() {
            stats::add(&inner.counters.unsampled, 1);
            inner.hub.check_deadlines();
            return Segment::new(Entity::passing(self.passing(None)));
        }
        self.begin_wanted(decision)
    }

    /// Begins the segment, runs `work` in it and ends it: for what comes with a trace of its own, such
    /// as a message.
    ///
    /// ```
    /// # async fn example(xray: xray_core::Recorder, header: &str) {
    /// use xray_core::TraceHeader;
    ///
    /// let message = xray.segment("orders").header(TraceHeader::parse(header));
    /// message.run(async |segment| segment.annotate("kind", "order")).await;
    /// # }
    /// ```
    pub async fn run<T>(self, work: impl AsyncFnOnce(Entity) -> T) -> T {
        self.begin().work(work).await
    }

    /// Of a segment that is recorded, or whose end somebody wants to know.
    #[inline(never)]
    fn begin_wanted(self, decision: SamplingDecision) -> Segment {
        let inner = self.recorder.inner();
        let sampled = decision.is_sampled();
        let root = self.context.header.root;
        let watch = Watch::of(&decision, self.recorder, self.name, root, &self.request);
        let role = match &inner.keep {
            _ if sampled => Ok(Role::Segment(decision.into_rule(), watch)),
            Some(_) => Ok(Role::Provisional(Provisional { continued: root.is_some() }, watch)),
            None => Err(watch),
        };
        let counter = if sampled { &inner.counters.sampled } else { &inner.counters.unsampled };
        stats::add(counter, 1);
        inner.hub.check_deadlines();
        match role {
            Ok(role) => self.record(role, sampled),
            Err(watch) => Segment::new(Entity::passing(self.passing(watch))),
        }
    }

    /// The caller decides first, then the code, then the rules.
    fn decide(&self) -> SamplingDecision {
        match self.context.header.sampled {
            Some(Sampled::Yes) => {
                stats::add(&self.recorder.inner().counters.forced, 1);
                SamplingDecision::without_rule(true)
            }
            Some(Sampled::No) => SamplingDecision::without_rule(false),
            Some(Sampled::Requested) | None => match self.sampled {
                Some(sampled) => SamplingDecision::without_rule(sampled),
                None => {
                    let service = self.request.service.or(Some(self.name));
                    self.recorder.sample(&SamplingRequest { service, ..self.request })
                }
            },
        }
    }

    fn record(self, role: Role, sampled: bool) -> Segment {
        let name = noted_name(self.name, self.recorder.service());
        let TraceHeader { root, parent, .. } = self.context.header;
        let carried = self.recorder.carried(&self.context);
        let (live, id) = Live::begin(self.recorder, &name, (root, parent), carried, role);
        let ticket = if self.watched && sampled { live.watch() } else { None };
        let entity = Entity::recorded(live, Place { index: 0, id });
        if let Some(link) = self.context.link {
            entity.link(link);
        }
        Segment { entity, unwinding: thread::panicking(), ticket }
    }

    fn passing(self, watch: Option<Watch>) -> Passing {
        let inner = self.recorder.inner();
        let carried = self.recorder.carried(&self.context);
        let header = self.context.header;
        let (root, id) = if inner.random_noop_ids {
            let root = || inner.sources.trace_id(inner.sources.now().as_secs());
            (header.root.unwrap_or_else(root), inner.sources.segment_id())
        } else {
            (header.root.unwrap_or(TraceId::NOOP), SegmentId::NOOP)
        };
        let continued = header.root.is_some();
        let parent = if continued { header.parent } else { Some(id) };
        let watch = watch.map(|watch| Unrecorded::begin(watch, self.recorder));
        Passing { watch, ..Passing::new(self.recorder, (root, parent, continued), id, carried) }
    }
}

/// Runs `work` as a segment of its own trace with the installed recorder: a worker's round, a
/// message, a scheduled job.
///
/// ```
/// # async fn settle() -> u32 { 3 }
/// # async fn example() {
/// let settled = xray_core::segment("settle payments", async |segment| {
///     let count = settle().await;
///     segment.annotate("settled", count);
///     count
/// })
/// .await;
/// # }
/// ```
pub async fn segment<T>(name: &str, work: impl AsyncFnOnce(Entity) -> T) -> T {
    Segment::begin(name).work(work).await
}
