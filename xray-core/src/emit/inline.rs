use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use super::{
    Emitter, Record,
    hub::{Shared, lock},
};
use crate::sync::{
    Mutex,
    thread::{self, ThreadId},
};

/// The emitter of a recorder without a worker, and what waits for it.
pub(super) struct Inline {
    emitter: Mutex<Box<dyn Emitter>>,
    waiting: Mutex<Vec<Record>>,
    /// The thread that emits now: what its emitter or hook records leaves with the next record.
    emitting: Mutex<Option<ThreadId>>,
}

impl Inline {
    pub(super) fn new(emitter: Box<dyn Emitter>) -> Self {
        Self { emitter: Mutex::new(emitter), waiting: Mutex::default(), emitting: Mutex::default() }
    }

    /// Queues a record; it is emitted outside of the locks that its order asks for.
    pub(super) fn push(&self, record: Record) {
        lock(&self.waiting).push(record);
    }

    pub(super) fn is_empty(&self) -> bool {
        lock(&self.waiting).is_empty()
    }

    /// Emits what waits, or waits for the thread that took it.
    pub(super) fn emit(&self, shared: &Shared) {
        self.with_emitter(shared, |_| ());
    }

    /// As [`emit`](Self::emit), and flushes; `true` if all has left.
    pub(super) fn flush(&self, shared: &Shared, timeout: Duration) -> bool {
        let flush = |emitter: &mut dyn Emitter| {
            catch_unwind(AssertUnwindSafe(|| emitter.flush(timeout))).unwrap_or(false)
        };
        self.with_emitter(shared, flush).unwrap_or(false)
    }

    /// `None` inside of the emitter.
    fn with_emitter<T>(
        &self,
        shared: &Shared,
        then: impl FnOnce(&mut dyn Emitter) -> T,
    ) -> Option<T> {
        let me = thread::current().id();
        if *lock(&self.emitting) == Some(me) {
            return None;
        }
        let mut emitter = lock(&self.emitter);
        *lock(&self.emitting) = Some(me);
        let mut batch = mem::take(&mut *lock(&self.waiting));
        shared.counters.waiting.taken(batch.len(), batch.iter().map(Record::size).sum());
        shared.emit(&mut **emitter, &mut batch);
        let done = then(&mut **emitter);
        *lock(&self.emitting) = None;
        Some(done)
    }
}
