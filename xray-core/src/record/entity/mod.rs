//! The handle of what is recorded, or is not.

mod begin;
mod change;
mod passing;

use std::{sync::Arc, time::SystemTime};

pub(super) use self::passing::{Passing, Words};
use super::{
    Entered, Live, Recorder, Scope, context,
    slots::{Place, flag},
    watch::Unrecorded,
};
use crate::{SegmentId, TraceId, emit::Ticket, header::Carried};

/// A handle to a segment or a subsegment: what can be recorded on it.
///
/// [`Segment`](crate::Segment) and [`Subsegment`](crate::Subsegment) are guards that own the end and give all of this
/// by dereference; a handle is a cheap clone and never ends anything. On an entity that is not
/// sampled, that has ended, or that does not exist, every call returns at once and records nothing.
///
/// ```
/// use xray_core::Entity;
///
/// fn deep_inside() {
///     Entity::current().annotate("cache_hit", true);
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Entity(pub(super) Kind);

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Recorded {
        live: Arc<Live>,
        place: Place,
        /// A query, which a driver may tell of as well.
        is_query: bool,
    },
    Passing(Passing),
    Facade(Arc<Facade>),
    /// Nothing is recorded, and no header goes on.
    Absent,
}

/// A segment that somebody else emits, such as AWS Lambda: only what lies under it is recorded.
#[derive(Debug)]
pub(super) struct Facade {
    pub(super) recorder: Recorder,
    pub(super) trace_id: TraceId,
    pub(super) id: SegmentId,
    pub(super) carried: Carried,
}

impl Entity {
    /// Records nothing, and knows of no trace.
    pub(super) const ABSENT: Self = Self(Kind::Absent);

    /// The entity that the running code belongs to; one that records nothing if there is none.
    #[must_use]
    pub fn current() -> Self {
        context::current().unwrap_or(Self::ABSENT)
    }

    /// Whether the running code belongs to a trace that is not recorded: what [`current`](Self::current)
    /// would say, without a copy of it.
    ///
    /// ```
    /// assert!(!xray_core::Entity::is_current_unsampled(), "there is no trace");
    /// ```
    #[must_use]
    #[inline]
    pub fn is_current_unsampled() -> bool {
        let passing = |entity: &Self| matches!(entity.0, Kind::Passing(_)).then_some(());
        context::look_at_current(passing).is_some()
    }

    pub(super) fn recorded(live: Arc<Live>, place: Place) -> Self {
        Self(Kind::Recorded { live, place, is_query: false })
    }

    pub(super) fn passing(passing: Passing) -> Self {
        Self(Kind::Passing(passing))
    }

    pub(super) fn facade(facade: Facade) -> Self {
        Self(Kind::Facade(Arc::new(facade)))
    }

    /// Whether what is recorded here is kept, or may be: see [`Keep`](crate::Keep).
    #[must_use]
    #[inline]
    pub fn is_sampled(&self) -> bool {
        matches!(self.0, Kind::Recorded { .. } | Kind::Facade(_))
    }

    /// Whether somebody wants to know of its end.
    #[inline]
    pub(crate) fn has_end(&self) -> bool {
        match &self.0 {
            Kind::Recorded { .. } => true,
            Kind::Passing(passing) => passing.watch.is_some(),
            Kind::Facade(_) | Kind::Absent => false,
        }
    }

    /// Whether it only passes a trace on.
    #[cfg(feature = "macros")]
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        matches!(&self.0, Kind::Passing(passing) if passing.watch.is_none())
    }

    /// Runs `record` where something is recorded: for values that cost something to make. Everything else
    /// needs no such care, since a call on what is not sampled is one branch.
    ///
    /// ```
    /// # let cart: [(&str, u32); 0] = [];
    /// use xray_core::Entity;
    ///
    /// Entity::current().when_sampled(|entity| {
    ///     let names: Vec<&str> = cart.iter().map(|(name, _)| *name).collect();
    ///     entity.annotate("items", names.join(","));
    /// });
    /// ```
    #[inline]
    pub fn when_sampled(&self, record: impl FnOnce(&Self)) {
        if self.is_sampled() {
            record(self);
        }
    }

    /// Whether there is no trace here: no segment was begun, or the recorder is disabled. A trace that is
    /// not sampled is one all the same, and travels on with calls.
    ///
    /// ```
    /// assert!(xray_core::Entity::current().is_absent());
    /// ```
    #[must_use]
    #[inline]
    pub fn is_absent(&self) -> bool {
        matches!(self.0, Kind::Absent)
    }

    /// The trace's id; [`TraceId::NOOP`] where none is known.
    #[must_use]
    pub fn trace_id(&self) -> TraceId {
        match &self.0 {
            Kind::Recorded { live, .. } => live.trace_id,
            Kind::Passing(passing) => passing.root,
            Kind::Facade(facade) => facade.trace_id,
            Kind::Absent => TraceId::NOOP,
        }
    }

    /// The entity's own id; [`SegmentId::NOOP`] where nothing is recorded.
    #[must_use]
    pub fn id(&self) -> SegmentId {
        match &self.0 {
            Kind::Recorded { place, .. } => place.id,
            Kind::Passing(passing) => passing.id,
            Kind::Facade(facade) => facade.id,
            Kind::Absent => SegmentId::NOOP,
        }
    }

    /// The segment that this entity belongs to. For a subsegment that began after its segment had
    /// left, the outermost subsegment that leaves with it.
    #[must_use]
    pub fn segment(&self) -> Self {
        match &self.0 {
            Kind::Recorded { live, .. } => {
                Self::recorded(Arc::clone(live), Place { index: 0, id: live.id })
            }
            other => Self(other.clone()),
        }
    }

    /// What a request that comes in while this is current belongs to: the segment, or what a function does.
    pub(crate) fn enclosing(&self) -> Self {
        match &self.0 {
            Kind::Recorded { live, .. } if live.awaits_request() => self.clone(),
            Kind::Recorded { live, .. } => match live.request() {
                Some(place) => Self::recorded(Arc::clone(live), place),
                None => self.segment(),
            },
            _ => self.clone(),
        }
    }

    /// Whether it is what a function of AWS Lambda does, which serves no request yet: one that comes in is
    /// recorded beneath it, as a subsegment. See [`Invocation`](crate::Invocation).
    ///
    /// ```
    /// assert!(!xray_core::Entity::current().awaits_request());
    /// ```
    #[must_use]
    pub fn awaits_request(&self) -> bool {
        match &self.0 {
            Kind::Recorded { live, .. } => live.awaits_request(),
            Kind::Facade(_) => true,
            Kind::Passing(_) | Kind::Absent => false,
        }
    }

    /// The request that a function serves is over.
    pub(crate) fn leave_after_request(&self) {
        if let Kind::Recorded { live, .. } = &self.0 {
            live.leave_after_request();
        }
    }

    /// From now on what comes in belongs to this request of a function.
    pub(crate) fn serves(&self) {
        if let Kind::Recorded { live, place, .. } = &self.0 {
            live.serves(*place);
        }
    }

    /// The name it is recorded by; `None` where nothing is recorded, and once it has left.
    ///
    /// ```
    /// assert_eq!(xray_core::Entity::current().name(), None);
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<String> {
        match &self.0 {
            Kind::Recorded { live, place, .. } => live.name(*place),
            Kind::Passing(_) | Kind::Facade(_) | Kind::Absent => None,
        }
    }

    /// Whether this recorder decided about it.
    pub(crate) fn is_of(&self, recorder: &Recorder) -> bool {
        self.recorder_key() == Some(recorder.key())
    }

    /// Whether it is a query, as [`SqlTarget`](crate::sql::SqlTarget) begins it: what a driver tells of the
    /// query that runs in it belongs here, and not in a subsegment of its own.
    #[must_use]
    pub fn is_query(&self) -> bool {
        matches!(self.0, Kind::Recorded { is_query: true, .. })
    }

    pub(super) fn set_query(&mut self) {
        if let Kind::Recorded { is_query, .. } = &mut self.0 {
            *is_query = true;
        }
    }

    /// Whether the text of queries is recorded here.
    pub(crate) fn collects_sql_queries(&self) -> bool {
        self.recorder().is_some_and(Recorder::collects_sql_queries)
    }

    /// The recorder, where something is recorded.
    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        match &self.0 {
            Kind::Recorded { live, .. } => live.recorder(),
            Kind::Facade(facade) => Some(&facade.recorder),
            Kind::Passing(_) | Kind::Absent => None,
        }
    }

    fn recorder_key(&self) -> Option<usize> {
        match &self.0 {
            Kind::Recorded { live, .. } => live.recorder().map(Recorder::key),
            Kind::Passing(passing) => Some(passing.recorder),
            Kind::Facade(facade) => Some(facade.recorder.key()),
            Kind::Absent => None,
        }
    }

    /// Says whether this service, or what it called, failed.
    #[inline]
    pub fn set_fault(&self, fault: bool) {
        if let Some(watch) = self.unrecorded() {
            watch.set_fault(fault);
        }
        self.flag(flag::FAULT | flag::EXCEPTION, if fault { flag::FAULT } else { 0 });
    }

    /// Says whether the caller did something wrong.
    pub fn set_error(&self, error: bool) {
        self.flag(flag::ERROR, if error { flag::ERROR } else { 0 });
    }

    /// Says whether the caller was told to slow down.
    pub fn set_throttle(&self, throttle: bool) {
        self.flag(flag::THROTTLE, if throttle { flag::THROTTLE } else { 0 });
    }

    /// Throws away the segment that this entity belongs to, with all that is recorded under it and
    /// will be: for work that turned out not to be worth a trace. What has left stays.
    ///
    /// ```
    /// use xray_core::{Entity, Segment};
    ///
    /// let round = Segment::begin("poll queue");
    /// let messages: [&str; 0] = [];
    /// if messages.is_empty() {
    ///     round.discard_segment();
    /// }
    /// ```
    pub fn discard_segment(&self) {
        match &self.0 {
            Kind::Recorded { live, .. } => live.discard(),
            Kind::Passing(Passing { watch: Some(watch), .. }) => watch.discard(),
            Kind::Passing(_) | Kind::Facade(_) | Kind::Absent => {}
        }
    }

    /// Keeps the segment that this entity belongs to, although the sampling decision was no: for work
    /// that turns out to be worth a trace. It has no effect unless the recorder has a
    /// [`Keep`](crate::Keep), which is what records such segments, and none once the segment has left.
    ///
    /// It counts in no sampling rule and against no limit of `Keep`. Services that were called before were
    /// told `Sampled=0`; those called from now on are told `Sampled=1`.
    ///
    /// ```
    /// use xray_core::{Entity, Keep, Recorder};
    ///
    /// let xray = Recorder::builder("orders").keep(Keep::on_demand()).build()?;
    /// let segment = xray.segment("order").sampled(false).begin();
    /// // deep inside, when the order turns out to be a large one:
    /// segment.force_sampling();
    /// # Ok::<(), xray_core::Error>(())
    /// ```
    pub fn force_sampling(&self) {
        if let Kind::Recorded { live, .. } = &self.0 {
            live.promote();
        }
    }

    /// Makes this the current entity of the thread until the guard is dropped; for code that does
    /// not await.
    pub fn enter(&self) -> Entered {
        Entered::new(self.clone())
    }

    /// A future, or a stream, that runs with this as the current entity.
    pub fn scope<F>(&self, work: F) -> Scope<F> {
        Scope::new(Some(self.clone()), work)
    }

    /// Ends it now, or at a given time, if it has not ended.
    #[inline]
    pub(super) fn end(&self, at: Option<SystemTime>) {
        match &self.0 {
            Kind::Recorded { live, place, .. } => live.end(*place, at),
            Kind::Passing(Passing { watch: Some(watch), .. }) => watch.end(at),
            Kind::Passing(_) | Kind::Facade(_) | Kind::Absent => {}
        }
    }

    /// Ends a subsegment for its guard, now or at a given time.
    #[inline]
    pub(super) fn end_child(self, at: Option<SystemTime>) {
        if let Kind::Recorded { live, place, .. } = &self.0 {
            live.end_child(*place, at);
        }
    }

    /// It is not shown any more when it runs for long.
    pub(super) fn unwatch(&self, ticket: &Ticket) {
        if let Kind::Recorded { live, .. } = &self.0
            && let Some(recorder) = live.recorder()
        {
            recorder.hub().unwatch(ticket);
        }
    }

    /// Ends a segment for its guard, now or at a given time, if it has not ended.
    #[inline]
    pub(super) fn finish(self, at: Option<SystemTime>) {
        match self.0 {
            Kind::Recorded { live, place, .. } => live.finish(place, at),
            Kind::Passing(Passing { watch: Some(watch), .. }) => watch.end(at),
            Kind::Passing(_) | Kind::Facade(_) | Kind::Absent => {}
        }
    }

    /// A segment that is not recorded and whose outcome is wanted all the same.
    pub(super) fn unrecorded(&self) -> Option<&Unrecorded> {
        match &self.0 {
            Kind::Passing(passing) => passing.watch.as_deref(),
            Kind::Recorded { .. } | Kind::Facade(_) | Kind::Absent => None,
        }
    }
}
