//! What is recorded of the spans that are open.
//!
//! Not in the extensions of a span, where each would be an allocation, also of what is not sampled.

use std::{
    fmt,
    ops::Deref,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tracing_core::span::Id;
use xray_core::{Entity, Segment, Subsegment};

/// So many that threads seldom meet at one, and that few spans share one.
const SHARDS: usize = 256;

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

/// Mostly none or one, and what is younger closes earlier: so it is looked through from its end.
type Shard = Mutex<Vec<(u64, Work)>>;

impl Default for Spans {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Shard::default()))
    }
}

impl Spans {
    #[inline]
    pub(crate) fn insert(&self, id: &Id, work: Work) {
        self.shard(id).push((id.into_u64(), work));
    }

    /// Takes out what ends.
    #[inline]
    pub(crate) fn remove(&self, id: &Id) -> Option<Work> {
        let mut shard = self.shard(id);
        let at = shard.iter().rposition(|(of, _)| *of == id.into_u64())?;
        Some(shard.swap_remove(at).1)
    }

    /// Looks at one; `look` must not run code of the user's.
    #[inline]
    pub(crate) fn with<T>(&self, id: &Id, look: impl FnOnce(&Entity) -> T) -> Option<T> {
        let shard = self.shard(id);
        let (_, work) = shard.iter().rfind(|(of, _)| *of == id.into_u64())?;
        Some(look(work))
    }

    pub(crate) fn entity(&self, id: &Id) -> Option<Entity> {
        self.with(id, Entity::clone)
    }

    #[inline]
    fn shard(&self, id: &Id) -> MutexGuard<'_, Vec<(u64, Work)>> {
        // Ids are given by the registry, not by strangers, so any spread will do.
        let spread = id.into_u64().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56;
        self.0[spread as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spans")
    }
}
