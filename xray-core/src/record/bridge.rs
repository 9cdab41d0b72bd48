//! For bridges to code that tells of its work by numbers, and has no place for a guard.

use std::{fmt, ops::Deref, sync::PoisonError};

use super::{Entity, Segment, Subsegment, context, entity::Words};
use crate::sync::{
    Mutex, MutexGuard,
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
/// use xray_core::{Entity, Subsegment, bridge::{Spans, Work}};
///
/// let spans = Spans::new();
/// // When a span is opened:
/// if !spans.insert_unsampled(7)
///     && let Some(subsegment) = Subsegment::begin_if_traced(|| "price")
/// {
///     spans.insert(7, Work::Subsegment(subsegment));
/// }
/// // Whenever it is entered and left, on any thread:
/// spans.enter(7);
/// spans.exit(7);
/// // When it is closed:
/// spans.end(7);
/// ```
pub struct Spans {
    /// Tells the bridges of a process apart.
    number: u64,
    shards: Box<[Shard]>,
    unsampled: Box<[Slot]>,
}

/// Mostly none or one, and what is younger closes earlier: so it is looked through from its end.
type Shard = Mutex<Vec<(u64, Work)>>;

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
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
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

    /// A span was opened, where what is current is not sampled: it carries that on, and nothing else is to
    /// be done. False where it is for [`insert`](Self::insert).
    #[inline]
    #[must_use]
    pub fn insert_unsampled(&self, id: u64) -> bool {
        context::look_at_current(Entity::words).is_some_and(|words| self.slot(id).take(id, words))
    }

    /// A span was opened.
    #[inline]
    pub fn insert(&self, id: u64, work: Work) {
        self.shard(id).push((id, work));
    }

    /// What a span is recorded as; `None` if it is not known.
    #[must_use]
    pub fn entity(&self, id: u64) -> Option<Entity> {
        let slot = self.slot(id);
        if slot.is_of(id) {
            Some(Entity::of_words(slot.words()))
        } else {
            self.look(id, Entity::clone)
        }
    }

    /// As [`entity`](Self::entity), if it is sampled.
    #[must_use]
    #[inline]
    pub fn sampled(&self, id: u64) -> Option<Entity> {
        if self.slot(id).is_of(id) {
            return None;
        }
        self.look(id, |entity| entity.is_sampled().then(|| entity.clone())).flatten()
    }

    /// Makes it the current entity of the thread until [`exit`](Self::exit).
    #[inline]
    pub fn enter(&self, id: u64) {
        let slot = self.slot(id);
        if slot.is_of(id) {
            context::enter_unrecorded(self.number, id, slot.words());
        } else {
            self.look(id, |entity| context::enter_as(self.number, id, entity.clone()));
        }
    }

    /// Leaves it on the thread that has entered it, once if it did so several times; what was entered since
    /// stays.
    #[inline]
    pub fn exit(&self, id: u64) {
        if self.slot(id).is_of(id) {
            context::leave_unrecorded(self.number, id);
        } else {
            context::leave(self.number, id);
        }
    }

    /// Ends it.
    #[inline]
    pub fn end(&self, id: u64) {
        if !self.slot(id).free(id) {
            // It ends here, where nothing is locked.
            drop(self.remove(id));
        }
    }

    fn remove(&self, id: u64) -> Option<Work> {
        let mut shard = self.shard(id);
        let at = shard.iter().rposition(|(of, _)| *of == id)?;
        Some(shard.swap_remove(at).1)
    }

    /// Looks at one that is locked; `look` must not run code of the user's.
    #[inline]
    fn look<T>(&self, id: u64, look: impl FnOnce(&Entity) -> T) -> Option<T> {
        let shard = self.shard(id);
        let (_, work) = shard.iter().rfind(|(of, _)| *of == id)?;
        Some(look(work))
    }

    #[inline]
    fn shard(&self, id: u64) -> MutexGuard<'_, Vec<(u64, Work)>> {
        let shard = &self.shards[spread(id) % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn slot(&self, id: u64) -> &Slot {
        &self.unsampled[spread(id) % SLOTS]
    }
}

/// Ids are not given by strangers, so any spread will do.
#[inline]
fn spread(id: u64) -> usize {
    (id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize
}

impl Slot {
    #[inline]
    fn is_of(&self, id: u64) -> bool {
        self.id.load(Ordering::Relaxed) == id
    }

    /// Whether it was free and holds this now.
    #[inline]
    fn take(&self, id: u64, words: Words<u64>) -> bool {
        let taken = self.id.compare_exchange(0, id, Ordering::Acquire, Ordering::Relaxed).is_ok();
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
    fn free(&self, id: u64) -> bool {
        let held = self.is_of(id);
        if held {
            self.id.store(0, Ordering::Release);
        }
        held
    }
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spans").field("number", &self.number).finish_non_exhaustive()
    }
}
