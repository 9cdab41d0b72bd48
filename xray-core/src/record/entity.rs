use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    Batch, Entered, Live, Recorder, Scope, Subsegment, context,
    data::Data,
    journal::Journal,
    settle::noted_name,
    slots::{Place, Rest, flag},
    sources::Sources,
    state::Role,
    watch::Unrecorded,
};
use crate::{
    SegmentId, TraceId,
    emit::Ticket,
    header::{Carried, Propagation},
    stats::Drop,
};

/// A handle to a segment or a subsegment: what can be recorded on it.
///
/// [`Segment`](crate::Segment) and [`Subsegment`] are guards that own the end and give all of this
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

/// A trace that is not recorded here and travels on.
#[derive(Clone, Debug)]
pub(super) struct Passing {
    /// The recorder that decided, by [`Recorder::key`].
    pub(super) recorder: usize,
    pub(super) root: TraceId,
    /// The id that stands for this service: all zeros unless the environment asks for real ones.
    pub(super) id: SegmentId,
    /// The parent for calls of our own: the caller's, if its header named a trace and a parent. Not an
    /// `Option`, since what is not recorded is copied at each step: so it is small.
    pub(super) parent: SegmentId,
    pub(super) has_parent: bool,
    /// Whether the caller's header named the trace.
    pub(super) continued: bool,
    /// Whether calls of our own say `Sampled=0`; where the decision is not ours, they say nothing.
    pub(super) decided: bool,
    pub(super) carried: Carried,
    /// How it ends is reported for the sampling rule: only on the segment itself.
    pub(super) watch: Option<Arc<Unrecorded>>,
}

/// A segment that somebody else emits, such as AWS Lambda: only what lies under it is recorded.
#[derive(Debug)]
pub(super) struct Facade {
    pub(super) recorder: Recorder,
    pub(super) trace_id: TraceId,
    pub(super) id: SegmentId,
    pub(super) carried: Carried,
}

/// What is to be known of most traces that are not recorded.
pub(super) type Words<T> = [T; 6];

impl Passing {
    /// `None` if there is more to be known.
    #[inline]
    fn words(&self) -> Option<Words<u64>> {
        if self.carried.has_texts() || self.watch.is_some() {
            return None;
        }
        let flags = u64::from(self.carried.propagation.bits()) << 3
            | u64::from(self.has_parent) << 2
            | u64::from(self.continued) << 1
            | u64::from(self.decided);
        let [high, low] = self.root.words();
        Some([self.recorder as u64, high, low, self.id.bits(), self.parent.bits(), flags])
    }

    #[inline]
    fn of_words([recorder, high, low, id, parent, flags]: Words<u64>) -> Self {
        Self {
            recorder: recorder as usize,
            root: TraceId::from_words([high, low]),
            id: SegmentId::from_bits(id),
            parent: SegmentId::from_bits(parent),
            has_parent: flags & 4 != 0,
            continued: flags & 2 != 0,
            decided: flags & 1 != 0,
            carried: Carried::by(Propagation::of_bits((flags >> 3) as u8)),
            watch: None,
        }
    }

    /// Of a trace that the code decided about, or only passes on.
    #[inline]
    pub(super) fn new(
        recorder: &Recorder,
        (root, parent, continued): (TraceId, Option<SegmentId>, bool),
        id: SegmentId,
        carried: Carried,
    ) -> Self {
        Self {
            recorder: recorder.key(),
            root,
            id,
            parent: parent.unwrap_or(SegmentId::NOOP),
            has_parent: parent.is_some(),
            continued,
            decided: true,
            carried,
            watch: None,
        }
    }

    pub(super) fn parent(&self) -> Option<SegmentId> {
        self.has_parent.then_some(self.parent)
    }

    /// What a subsegment is of it. Field by field, since a clone would count up what is not kept.
    #[inline]
    fn child(&self) -> Self {
        let Self { recorder, root, id, parent, has_parent, continued, decided, .. } = *self;
        let carried = self.carried.clone();
        let watch = None;
        Self { recorder, root, id, parent, has_parent, continued, decided, carried, watch }
    }
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
        let recorder = match &self.0 {
            Kind::Recorded { live, .. } => live.recorder(),
            Kind::Facade(facade) => Some(&facade.recorder),
            Kind::Passing(_) | Kind::Absent => None,
        };
        recorder.is_some_and(Recorder::collects_sql_queries)
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

    /// Begins a subsegment of this entity. It ends when the guard is dropped.
    #[inline]
    pub fn subsegment(&self, name: &str) -> Subsegment {
        match &self.0 {
            Kind::Passing(passing) => Subsegment::new(Self::passing(passing.child())),
            _ => self.recorded_subsegment(name),
        }
    }

    /// A subsegment of the current entity, without a copy of it where that would cost; `None` without one.
    #[inline]
    pub(super) fn subsegment_of_current<N: AsRef<str>>(
        name: impl FnOnce() -> N,
    ) -> Option<Subsegment> {
        let entity = context::look_at_current(|current| match &current.0 {
            Kind::Passing(passing) => Some(Self::passing(passing.child())),
            Kind::Absent => None,
            // To begin one may log, which may run code of the user's.
            Kind::Recorded { .. } | Kind::Facade(_) => Some(current.clone()),
        })?;
        Some(if entity.is_sampled() {
            entity.recorded_subsegment(name().as_ref())
        } else {
            Subsegment::new(entity)
        })
    }

    #[inline(never)]
    fn recorded_subsegment(&self, name: &str) -> Subsegment {
        self.begin_recorded(name, Duration::ZERO)
    }

    // In line, so that what begins now knows that there is nothing to subtract.
    #[inline(always)]
    fn begin_recorded(&self, name: &str, ago: Duration) -> Subsegment {
        let entity = match &self.0 {
            Kind::Recorded { live, place, .. } => {
                Self::begin_child(Arc::clone(live), *place, name, ago)
            }
            Kind::Facade(facade) => {
                let name = noted_name(name, facade.recorder.service());
                let caller = (Some(facade.trace_id), Some(facade.id));
                let carried = facade.carried.clone();
                let (live, id) =
                    Live::begin(&facade.recorder, &name, caller, carried, Role::Streamed(ago));
                Self::recorded(live, Place { index: 0, id })
            }
            Kind::Passing(_) | Kind::Absent => self.clone(),
        };
        Subsegment::new(entity)
    }

    #[inline]
    fn begin_child(live: Arc<Live>, parent: Place, name: &str, ago: Duration) -> Self {
        match live.begin_child(parent, name, ago, None) {
            Ok((live, place)) => Self::recorded(live, place),
            Err(live) => Self::recorded(live, parent).not_recorded(),
        }
    }

    /// Begins a subsegment that began so long ago: for work that is only told of when it is over, such
    /// as a driver's log line. A time before the segment's begin counts as its begin.
    ///
    /// ```
    /// use std::time::Duration;
    /// use xray_core::Entity;
    ///
    /// fn on_query_done(took: Duration) {
    ///     Entity::current().subsegment_ago("shop@db.internal", took).end();
    /// }
    /// ```
    pub fn subsegment_ago(&self, name: &str, ago: Duration) -> Subsegment {
        match &self.0 {
            Kind::Passing(passing) => Subsegment::new(Self::passing(passing.child())),
            _ => self.begin_recorded(name, ago),
        }
    }

    /// Begins work that is not recorded, and nothing under it is: for details that would only cost.
    /// Calls made in it carry the trace on with `Sampled=0`.
    pub fn unsampled_subsegment(&self) -> Subsegment {
        Subsegment::new(self.not_recorded())
    }

    /// An entity under this one that records nothing and carries the trace on.
    pub(crate) fn not_recorded(&self) -> Self {
        let carried = match self.carried() {
            Some(carried) if self.is_sampled() => carried.clone(),
            _ => return self.clone(),
        };
        Self::passing(Passing {
            recorder: self.recorder_key().unwrap_or_default(),
            root: self.trace_id(),
            id: SegmentId::NOOP,
            parent: self.id(),
            has_parent: true,
            continued: true,
            decided: true,
            carried,
            watch: None,
        })
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

    #[inline]
    fn flag(&self, clear: u8, set: u8) {
        self.note_outcome(clear, set, None);
    }

    /// Where ids of what is recorded here come from.
    pub(super) fn sources(&self) -> Option<&Sources> {
        match &self.0 {
            Kind::Recorded { live, .. } => live.recorder().map(Recorder::sources),
            Kind::Passing(_) | Kind::Facade(_) | Kind::Absent => None,
        }
    }

    /// Notes something, where anything is recorded; `bytes` is what its texts add.
    pub(super) fn note(&self, bytes: usize, note: impl FnOnce(&mut Journal, u32)) {
        if let Kind::Recorded { live, place, .. } = &self.0 {
            live.note(*place, bytes, note);
        }
    }

    /// Notes what a batch has of this entity.
    #[inline]
    pub(super) fn note_all(&self, batch: &Batch) {
        if let Kind::Recorded { live, place, .. } = &self.0
            && !batch.is_empty()
        {
            live.note_all(*place, batch);
        }
    }

    /// What it is recorded in, and its place there.
    #[inline]
    pub(super) fn in_record(&self) -> Option<(Arc<Live>, Place)> {
        match &self.0 {
            Kind::Recorded { live, place, .. } => Some((Arc::clone(live), *place)),
            Kind::Passing(_) | Kind::Facade(_) | Kind::Absent => None,
        }
    }

    /// If it is not recorded and all there is to be known of it fits.
    #[inline]
    pub(super) fn words(&self) -> Option<Words<u64>> {
        match &self.0 {
            Kind::Passing(passing) => passing.words(),
            Kind::Recorded { .. } | Kind::Facade(_) | Kind::Absent => None,
        }
    }

    #[inline]
    pub(super) fn of_words(words: Words<u64>) -> Self {
        Self::passing(Passing::of_words(words))
    }

    /// Notes how it turns out.
    #[inline]
    pub(super) fn note_outcome(&self, clear: u8, set: u8, status: Option<u16>) {
        if let Kind::Recorded { live, place, .. } = &self.0 {
            live.note_outcome(*place, clear, set, status);
        }
    }

    /// Something of it is not recorded, since there was no room.
    pub(super) fn count_dropped(&self) {
        if let Kind::Recorded { live, .. } = &self.0
            && let Some(recorder) = live.recorder()
        {
            recorder.counters().dropped(Drop::RecordFull, 1);
        }
    }

    pub(super) fn change(&self, bytes: usize, change: impl FnOnce(&mut Data, u32)) {
        if let Kind::Recorded { live, place, .. } = &self.0 {
            live.change(*place, bytes, |record| change(record, place.index));
        }
    }

    /// Changes what only a segment has: on the segment, whichever entity this is.
    pub(super) fn change_segment(&self, bytes: usize, change: impl FnOnce(&mut Rest)) {
        let mut streamed = false;
        self.segment().change(bytes, |record, index| {
            streamed = record.streamed;
            if !streamed {
                record.count_bytes(bytes);
                change(record.rest(index));
            }
        });
        // Outside of the lock, since the program's logger may record.
        if streamed {
            crate::logging::debug!("a field of a segment that is not here is ignored");
        }
    }

    pub(super) fn change_rest(&self, bytes: usize, change: impl FnOnce(&mut Rest)) {
        self.change(bytes, |record, index| {
            record.count_bytes(bytes);
            change(record.rest(index));
        });
    }
}
