//! What is recorded of the spans that are open.
//!
//! Not in the extensions of a span, where each would be an allocation, also of what is not sampled.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasherDefault, Hasher},
    ops::Deref,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tracing_core::span::Id;
use xray_core::{Entity, Segment, Subsegment};

/// So many that threads seldom meet at one.
const SHARDS: usize = 64;

/// What a span is recorded as. Ends with it.
#[derive(Debug)]
pub(crate) enum Work {
    Segment(Segment),
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

/// The open spans of one subscriber, by their ids.
pub(crate) struct Spans([Shard; SHARDS]);

/// On a cache line of its own.
#[derive(Default)]
#[repr(align(128))]
struct Shard(Mutex<HashMap<u64, Work, BuildHasherDefault<Spread>>>);

impl Default for Spans {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Shard::default()))
    }
}

impl Spans {
    pub(crate) fn insert(&self, id: &Id, work: Work) {
        let before = self.shard(id).insert(id.into_u64(), work);
        // Only a registry that forgets to close has one, which ends where nothing is locked.
        drop(before);
    }

    /// Takes out what ends.
    pub(crate) fn remove(&self, id: &Id) -> Option<Work> {
        self.shard(id).remove(&id.into_u64())
    }

    /// Looks at one; `look` must not run code of the user's.
    pub(crate) fn with<T>(&self, id: &Id, look: impl FnOnce(&Entity) -> T) -> Option<T> {
        self.shard(id).get(&id.into_u64()).map(|work| look(work))
    }

    pub(crate) fn entity(&self, id: &Id) -> Option<Entity> {
        self.with(id, Entity::clone)
    }

    fn shard(&self, id: &Id) -> MutexGuard<'_, HashMap<u64, Work, BuildHasherDefault<Spread>>> {
        let shard = &self.0[(spread(id.into_u64()) >> 58) as usize % SHARDS];
        shard.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spans")
    }
}

/// Ids are given by the registry, not by strangers, so any spread will do.
fn spread(id: u64) -> u64 {
    let product = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ (product >> 29)
}

#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = spread(id);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = spread(self.0 ^ u64::from(*byte));
        }
    }
}
