use std::{collections::VecDeque, mem, sync::Arc, time::Instant};

use super::lock;
use crate::{
    record::Live,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Segments that may wait for open subsegments; past this the oldest leaves.
const SEGMENTS: usize = 10_000;

/// Bytes that may wait, as counted when each began to.
const BYTES: usize = 64 * 1024 * 1024;

/// Segments that have ended and wait for open subsegments, the oldest first. One whose subsegments
/// have ended stays in the queue until its turn, and no longer counts.
#[derive(Debug, Default)]
pub(super) struct Held {
    queue: Mutex<VecDeque<(Instant, Arc<Live>)>>,
    bytes: AtomicUsize,
}

impl Held {
    /// Adds the latest; `true` if it is the only one.
    pub(super) fn push(&self, deadline: Instant, live: Arc<Live>, bytes: usize) -> bool {
        live.held().store(bytes, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let mut queue = lock(&self.queue);
        queue.push_back((deadline, live));
        queue.len() == 1
    }

    /// It does not count any more.
    pub(super) fn let_go(&self, live: &Live) {
        let bytes = live.held().swap(0, Ordering::Relaxed);
        if bytes > 0 {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    /// The oldest, while there is too much.
    pub(super) fn pop_excess(&self) -> Option<Arc<Live>> {
        self.pop_if(|_, segments, bytes| segments > SEGMENTS || bytes > BYTES)
    }

    /// The oldest, if its time has come.
    pub(super) fn pop_due(&self, now: Instant) -> Option<Arc<Live>> {
        self.pop_if(|deadline, _, _| deadline <= now)
    }

    fn pop_if(&self, pops: impl FnOnce(Instant, usize, usize) -> bool) -> Option<Arc<Live>> {
        let mut queue = lock(&self.queue);
        let (deadline, _) = queue.front()?;
        if !pops(*deadline, queue.len(), self.bytes.load(Ordering::Relaxed)) {
            return None;
        }
        let (_, live) = queue.pop_front()?;
        self.let_go(&live);
        Some(live)
    }

    /// When the oldest has waited for long enough.
    pub(super) fn next(&self) -> Option<Instant> {
        lock(&self.queue).front().map(|(deadline, _)| *deadline)
    }

    pub(super) fn take_all(&self) -> Vec<Arc<Live>> {
        let queue = mem::take(&mut *lock(&self.queue));
        queue.into_iter().map(|(_, live)| live).inspect(|live| self.let_go(live)).collect()
    }
}
