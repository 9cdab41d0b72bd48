//! For bridges to code that tells of its work by numbers, and has no place for a guard.

use std::{fmt, num::NonZeroU64, ops::Deref, sync::Arc, thread, time::Duration};

use super::{
    Batch, Entity, Live, Segment, Subsegment, context, entity::Words, live::Written, slots::Place,
};
use crate::sync::{
    BriefGuard, BriefMutex,
    atomic::{AtomicU64, Ordering},
};

/// So many that threads seldom meet at one, and that few spans share one.
const SHARDS: usize = 256;

/// Of what is not sampled as many are kept without a lock, if chance will have it.
const SLOTS: usize = 1_024;

/// What a span of another system is recorded as. Ends when it is dropped.
#[derive(Debug)]
pub enum Work {
    /// A segment of its own trace.
    Segment(Segment),
    /// A part of a segment.
    Subsegment(Subsegment),
}

impl Deref for Work {
    type Target = Entity;

    fn deref(&self) -> &Entity {
        match self {
            Self::Segment(segment) => segment,
            Self::Subsegment(subsegment) => subsegment,
        }
    }
}

/// The open spans of another system, such as `tracing`, by the ids that it gives them; no two that are
/// open at a time may have the same one.
///
/// ```
/// use std::num::NonZeroU64;
/// use xray_core::bridge::Spans;
///
/// let (spans, id) = (Spans::new(), NonZeroU64::MIN);
/// // When a span is opened:
/// spans.open(id, || "price", |batch| batch.annotate_mended("items", 3));
/// // Whenever it is entered and left, on any thread:
/// spans.enter(id);
/// spans.exit(id);
/// // When it is closed:
/// spans.end(id);
/// ```
pub struct Spans {
    /// Tells the bridges of a process apart.
    number: u64,
    shards: Box<[BriefMutex<Shard>]>,
    unsampled: Box<[Slot]>,
}

/// Mostly none or one span.
#[derive(Default)]
struct Shard {
    subsegment: Option<Recorded>,
    /// What is younger closes earlier: so lists are looked through from their end.
    more: Vec<Recorded>,
    /// What somebody else has begun.
    works: Vec<(NonZeroU64, Work)>,
}

/// A subsegment of a record, without its guard: that would be three times as large.
struct Recorded {
    span: NonZeroU64,
    live: Arc<Live>,
    place: Place,
    unwinding: bool,
}

/// A span of a trace that is not sampled. Nobody but those who know the span's id read what it holds, and they know it
/// from who wrote it: so the words need no order of their own.
#[derive(Default)]
#[repr(align(64))]
struct Slot {
    /// 0 if it is free.
    id: AtomicU64,
    words: Words<AtomicU64>,
}

impl Default for Spans {
    fn default() -> Self {
        static BRIDGES: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        Self {
            number: BRIDGES.fetch_add(1, Ordering::Relaxed),
            shards: (0..SHARDS).map(|_| BriefMutex::default()).collect(),
            unsampled: (0..SLOTS).map(|_| Slot::default()).collect(),
        }
    }
}

impl Spans {
    /// With no span.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A span was opened: it is a subsegment of the current entity, if there is one; returns whether there
    /// is. What it is called and what to `write` of it are only asked where it is recorded.
    ///
    /// What is written goes straight to where the trace is recorded, under its lock. So `write` runs no code of others unless
    /// the batch says that it [may](Batch::may_run_code); where one was told that it may not, `write` runs again, and
    /// what it wrote before is not written twice.
    #[inline]
    pub fn open<N: AsRef<str>>(
        &self,
        id: NonZeroU64,
        name: impl FnOnce() -> N,
        write: impl Fn(&mut Batch),
    ) -> bool {
        self.open_as(id, name, write, true)
    }

    /// As [`open`](Self::open), where `write` may run any code, and runs once.
    pub fn open_apart<N: AsRef<str>>(
        &self,
        id: NonZeroU64,
        name: impl FnOnce() -> N,
        write: impl Fn(&mut Batch),
    ) -> bool {
        self.open_as(id, name, write, false)
    }

    #[inline]
    fn open_as<N: AsRef<str>>(
        &self,
        id: NonZeroU64,
        name: impl FnOnce() -> N,
        write: impl Fn(&mut Batch),
        at_once: bool,
    ) -> bool {
        let slot = self.slot(id);
        let carried = |entity: &Entity| Some(slot.take(id, entity.words()?));
        if context::look_at_current(carried) == Some(true) {
            return true;
        }
        self.open_wanted(id, name, write, at_once)
    }

    #[inline(never)]
    fn open_wanted<N: AsRef<str>>(
        &self,
        id: NonZeroU64,
        name: impl FnOnce() -> N,
        write: impl Fn(&mut Batch),
        at_once: bool,
    ) -> bool {
        if let Some((live, place)) = context::look_at_current(Entity::in_record) {
            self.begin(id, (live, place), name().as_ref(), write, at_once);
            return true;
        }
        let Some(subsegment) = Subsegment::begin_if_traced(name) else { return false };
        subsegment.batch(write);
        self.insert(id, Work::Subsegment(subsegment));
        true
    }

    fn begin(
        &self,
        id: NonZeroU64,
        (live, parent): (Arc<Live>, Place),
        name: &str,
        write: impl Fn(&mut Batch),
        at_once: bool,
    ) {
        Batch::lent(|batch| {
            let known = Written::new(batch, write, at_once);
            match live.begin_child(parent, name, Duration::ZERO, known) {
                Ok((live, place)) => {
                    if batch.has_rest() {
                        batch.record_rest(&Entity::recorded(Arc::clone(&live), place));
                    }
                    let unwinding = thread::panicking();
                    let mut shard = self.shard(id);
                    if shard.subsegment.is_none() {
                        shard.subsegment = Some(Recorded { span: id, live, place, unwinding });
                    } else {
                        shard.more.push(Recorded { span: id, live, place, unwinding });
                    }
                }
                Err(live) => {
                    let entity = Entity::recorded(live, parent).not_recorded();
                    self.insert(id, Work::Subsegment(Subsegment::new(entity)));
                }
            }
        });
    }

    /// A span was opened that is recorded as this.
    pub fn insert(&self, id: NonZeroU64, work: Work) {
        self.shard(id).works.push((id, work));
    }

    /// What a span is recorded as; `None` if it is not known.
    #[must_use]
    pub fn entity(&self, id: NonZeroU64) -> Option<Entity> {
        let slot = self.slot(id);
        if slot.is_of(id) { Some(Entity::of_words(slot.words())) } else { self.locked(id) }
    }

    /// As [`entity`](Self::entity), if it is sampled.
    #[must_use]
    #[inline]
    pub fn sampled(&self, id: NonZeroU64) -> Option<Entity> {
        if self.slot(id).is_of(id) { None } else { self.locked(id).filter(Entity::is_sampled) }
    }

    /// Records what `write` says of it, which is only asked where it is recorded.
    #[inline]
    pub fn write(&self, id: NonZeroU64, write: impl FnOnce(&mut Batch)) {
        if self.slot(id).is_of(id) {
            return;
        }
        let shard = self.shard(id);
        if let Some(Recorded { live, place, .. }) = shard.recorded(id) {
            let (live, place) = (Arc::clone(live), *place);
            drop(shard);
            Batch::written(write, |batch| {
                live.note_all(place, batch);
                if batch.has_rest() {
                    batch.record_rest(&Entity::recorded(live, place));
                }
            });
        } else if let Some(work) = shard.work(id) {
            let entity = Entity::clone(work);
            drop(shard);
            entity.batch(write);
        }
    }

    /// Makes it the current entity of the thread until [`exit`](Self::exit).
    #[inline]
    pub fn enter(&self, id: NonZeroU64) {
        let slot = self.slot(id);
        if slot.is_of(id) {
            context::enter_unrecorded(self.number, id.get(), slot.words());
            return;
        }
        let shard = self.shard(id);
        if let Some(Recorded { live, place, .. }) = shard.recorded(id) {
            let (live, place) = (Arc::clone(live), *place);
            drop(shard);
            // Put together where it is kept: as what is copied it could not be read on before it is all written.
            context::enter_as(self.number, id.get(), Entity::recorded(live, place));
        } else if let Some(work) = shard.work(id) {
            let entity = Entity::clone(work);
            drop(shard);
            context::enter_as(self.number, id.get(), entity);
        }
    }

    /// Leaves it on the thread that has entered it, once if it did so several times; what was entered since
    /// stays.
    #[inline]
    pub fn exit(&self, id: NonZeroU64) {
        if self.slot(id).is_of(id) {
            context::leave_unrecorded(self.number, id.get());
        } else {
            context::leave(self.number, id.get());
        }
    }

    /// Ends it.
    #[inline]
    pub fn end(&self, id: NonZeroU64) {
        if self.slot(id).free(id) {
            return;
        }
        let mut shard = self.shard(id);
        // They end outside of the lock, as that may run code of the user's.
        if let Some(recorded) = shard.take_recorded(id) {
            drop(shard);
            recorded.end();
        } else {
            let at = shard.works.iter().rposition(|(span, _)| *span == id);
            let work = at.map(|at| shard.works.swap_remove(at));
            drop(shard);
            drop(work);
        }
    }

    /// What is kept under a lock.
    #[inline]
    fn locked(&self, id: NonZeroU64) -> Option<Entity> {
        let shard = self.shard(id);
        match shard.recorded(id) {
            Some(Recorded { live, place, .. }) => Some(Entity::recorded(Arc::clone(live), *place)),
            None => shard.work(id).map(|work| Entity::clone(work)),
        }
    }

    #[inline]
    fn shard(&self, id: NonZeroU64) -> BriefGuard<'_, Shard> {
        self.shards[spread(id) % SHARDS].lock()
    }

    #[inline]
    fn slot(&self, id: NonZeroU64) -> &Slot {
        &self.unsampled[spread(id) % SLOTS]
    }
}

/// By the rule of `tracing`'s registry for ids: a place in memory, the thread that it belongs to, and in the highest bits
/// how often it was used. Those do not count here, so what follows one another in one place there has one place
/// here as well, which is near the processor then. Ids are not given by strangers, so any spread will do.
#[inline]
fn spread(id: NonZeroU64) -> usize {
    const USES: u32 = 13;
    ((id.get() << USES).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize
}

impl Shard {
    #[inline]
    fn recorded(&self, span: NonZeroU64) -> Option<&Recorded> {
        let first = self.subsegment.as_ref().filter(|recorded| recorded.span == span);
        first.or_else(|| self.more.iter().rfind(|recorded| recorded.span == span))
    }

    #[inline]
    fn take_recorded(&mut self, span: NonZeroU64) -> Option<Recorded> {
        self.subsegment.take_if(|recorded| recorded.span == span).or_else(|| {
            let at = self.more.iter().rposition(|recorded| recorded.span == span)?;
            Some(self.more.swap_remove(at))
        })
    }

    fn work(&self, id: NonZeroU64) -> Option<&Work> {
        self.works.iter().rfind(|(span, _)| *span == id).map(|(_, work)| work)
    }
}

impl Recorded {
    #[inline]
    fn end(self) {
        if thread::panicking() {
            // That may be for the guard to record.
            let entity = Entity::recorded(self.live, self.place);
            return drop(Subsegment::put_together(entity, self.unwinding));
        }
        self.live.end_child(self.place, None);
    }
}

impl Slot {
    #[inline]
    fn is_of(&self, id: NonZeroU64) -> bool {
        self.id.load(Ordering::Relaxed) == id.get()
    }

    /// Whether it was free and holds this now.
    #[inline]
    fn take(&self, id: NonZeroU64, words: Words<u64>) -> bool {
        let taken =
            self.id.compare_exchange(0, id.get(), Ordering::Acquire, Ordering::Relaxed).is_ok();
        if taken {
            for (place, word) in self.words.iter().zip(words) {
                place.store(word, Ordering::Relaxed);
            }
        }
        taken
    }

    #[inline]
    fn words(&self) -> Words<u64> {
        self.words.each_ref().map(|word| word.load(Ordering::Relaxed))
    }

    /// Whether it held this and is free now.
    #[inline]
    fn free(&self, id: NonZeroU64) -> bool {
        let held = self.is_of(id);
        if held {
            self.id.store(0, Ordering::Release);
        }
        held
    }
}

impl Drop for Spans {
    /// What is open ends, as it would by its guards.
    fn drop(&mut self) {
        for shard in &mut self.shards {
            let shard = shard.get_mut();
            shard.subsegment.take().into_iter().chain(shard.more.drain(..)).for_each(Recorded::end);
        }
    }
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spans").field("number", &self.number).finish_non_exhaustive()
    }
}
