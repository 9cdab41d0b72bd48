use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use super::lock;
use crate::{
    record::Live,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Enough that threads seldom meet at one lock.
const SHARDS: usize = 16;

/// The worker looks at the running segments no less often than this.
const LOOK: Duration = Duration::from_secs(5);

/// Segments that serve a request right now, so that a long one can be shown before it ends.
#[derive(Debug, Default)]
pub(crate) struct Running {
    shards: [Mutex<Shard>; SHARDS],
    count: AtomicUsize,
}

#[derive(Debug, Default)]
struct Shard {
    slots: Vec<Option<Weak<Live>>>,
    free: Vec<usize>,
}

/// Where a segment stands, to take it out again.
#[derive(Debug)]
pub(crate) struct Ticket {
    shard: u32,
    slot: u32,
}

impl Running {
    /// `spread` decides on the shard; ids are random enough.
    pub(crate) fn insert(&self, live: &Arc<Live>, spread: u64) -> Ticket {
        let shard = spread % SHARDS as u64;
        let mut slots = lock(&self.shards[shard as usize]);
        let slot = slots.free.pop().unwrap_or_else(|| {
            slots.slots.push(None);
            slots.slots.len() - 1
        });
        slots.slots[slot] = Some(Arc::downgrade(live));
        self.count.fetch_add(1, Ordering::Relaxed);
        Ticket { shard: shard as u32, slot: slot as u32 }
    }

    pub(crate) fn remove(&self, ticket: &Ticket) {
        let mut shard = lock(&self.shards[ticket.shard as usize]);
        shard.slots[ticket.slot as usize] = None;
        shard.free.push(ticket.slot as usize);
        self.count.fetch_sub(1, Ordering::Relaxed);
    }

    /// Shows the segments that began before `after` ago and are not yet shown.
    pub(crate) fn show_long(&self, after: Duration) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        for shard in &self.shards {
            // Upgraded under the lock, shown outside of it: showing delivers.
            let long: Vec<Arc<Live>> = lock(shard)
                .slots
                .iter()
                .flatten()
                .filter_map(Weak::upgrade)
                .filter(|live| live.elapsed() >= after)
                .collect();
            long.iter().for_each(|live| live.show_in_progress());
        }
    }
}

/// How often the worker looks for segments that run longer than `after`.
pub(crate) fn look_every(after: Duration) -> Duration {
    (after / 4).clamp(Duration::from_millis(5), LOOK)
}
