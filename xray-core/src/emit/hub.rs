#[cfg(all(test, xray_model))]
mod model;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use crossbeam_queue::ArrayQueue;

use super::{
    Delivery, Emitter, Flush, Record,
    held::Held,
    inline::Inline,
    running::{Running, Ticket},
    waiting::{QUEUE_RECORDS, Waiting},
    worker::Worker,
};
use crate::{
    record::{Away, Common, Data, Live},
    stats::{Counters, Drop, add},
    sync::{
        Mutex, MutexGuard,
        mpsc::{SyncSender, TrySendError, sync_channel},
        thread,
    },
};

/// What segments were recorded in, kept for use: as many as wait in a burst, far fewer while nothing comes, and none
/// that is large.
const POOL_RECORDS: usize = 1_024;
const IDLE_RECORDS: usize = 128;
const POOL_RECORD_BYTES: usize = 64 * 1024;

/// Between the threads that end segments and the emitter: queue, pool, and segments that wait.
#[derive(Debug)]
pub(crate) struct Hub {
    road: Road,
    shared: Arc<Shared>,
    timing: Timing,
}

/// How long things wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// A segment that has ended, for its subsegments.
    pub(crate) grace: Duration,
    /// A request that runs, before it is shown as in progress; `None` for ever.
    pub(crate) in_progress_after: Option<Duration>,
}

enum Road {
    Worker {
        sender: SyncSender<Message>,
        /// To be woken from its rest; `None` if there is none.
        thread: Option<thread::Thread>,
    },
    Inline(Inline),
}

impl std::fmt::Debug for Road {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Worker { .. } => "Worker",
            Self::Inline(_) => "Inline",
        })
    }
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) counters: Arc<Counters>,
    common: Arc<Common>,
    pool: ArrayQueue<Arc<Live>>,
    held: Held,
    pub(super) running: Running,
}

pub(super) enum Message {
    Record(Record),
    /// A segment that runs, or has ended, has given something away, of so many bytes.
    Sweep(Arc<Away>, usize),
    Flush(Arc<Flush>),
    /// A segment began to wait: the worker has a deadline to keep.
    Held,
}

impl Hub {
    pub(crate) fn new(
        mut emitter: Box<dyn Emitter>,
        delivery: Delivery,
        timing: Timing,
        common: Arc<Common>,
    ) -> Self {
        emitter.start(delivery);
        let shared = Arc::new(Shared {
            counters: Arc::clone(&common.counters),
            common,
            pool: ArrayQueue::new(POOL_RECORDS),
            held: Held::default(),
            running: Running::default(),
        });
        let road = match delivery {
            Delivery::Inline => Road::Inline(Inline::new(emitter)),
            Delivery::Background => {
                let (sender, receiver) = sync_channel(QUEUE_RECORDS);
                let worker = Worker { emitter, receiver, shared: Arc::clone(&shared), timing };
                let spawned =
                    thread::Builder::new().name("xray-emit".into()).spawn(|| worker.run());
                let spawned = spawned.inspect_err(|error| {
                    crate::logging::error!(
                        "no thread for sending traces, all will be dropped: {error}"
                    );
                });
                let thread = spawned.ok().map(|handle| handle.thread().clone());
                Road::Worker { sender, thread }
            }
        };
        Self { road, shared, timing }
    }

    /// Something to record in that was used before, if there is some.
    pub(crate) fn used(&self) -> Option<Arc<Live>> {
        self.shared.pool.pop()
    }

    /// Takes an unwanted record back.
    pub(crate) fn recycle(&self, record: Record) {
        self.shared.recycle(record);
    }

    /// Takes a record over; never waits and runs no code of the user's, so that a segment may call it
    /// under its lock. What leaves of a segment leaves in this order.
    /// Says whether there was room for it.
    pub(crate) fn deliver(&self, record: Record) -> bool {
        let size = record.size();
        self.count_lost(self.send(Message::Record(record), size))
    }

    /// Whether it was sent; one that was not is counted.
    fn count_lost(&self, sent: Result<(), Drop>) -> bool {
        if let Err(reason) = sent {
            self.shared.counters.dropped(reason, 1);
        }
        sent.is_ok()
    }

    /// Hands over what takes so many bytes.
    fn send(&self, message: Message, size: usize) -> Result<(), Drop> {
        let added = self.waiting().add(size);
        let sent = match (&self.road, message) {
            _ if !added.fits => Err(Drop::QueueFull),
            (Road::Inline(inline), Message::Record(record)) => {
                inline.push(record);
                Ok(())
            }
            (Road::Inline(_), _) => Err(Drop::Closed),
            (Road::Worker { sender, thread }, message) => {
                let sent = sender.try_send(message);
                if added.wakes {
                    thread.iter().for_each(thread::Thread::unpark);
                }
                sent.map_err(|error| match error {
                    TrySendError::Full(_) => Drop::QueueFull,
                    TrySendError::Disconnected(_) => Drop::Closed,
                })
            }
        };
        if sent.is_err() {
            self.waiting().taken(1, size);
        }
        sent
    }

    /// Takes subsegments over that leave before their segment; runs no code of the user's either.
    pub(crate) fn stream(&self, parts: Vec<Box<Data>>) {
        let left =
            parts.into_iter().map(|part| self.deliver(Record::new(part))).filter(|left| *left);
        add(&self.shared.counters.streamed, left.count() as u64);
    }

    /// Whether there is a worker that looks for what leaves early, and room for that.
    pub(crate) fn takes_sweeps(&self) -> bool {
        matches!(self.road, Road::Worker { .. }) && self.room() > 0
    }

    /// Has the worker look for what leaves early. If the queue is full that waits for the next time.
    pub(crate) fn sweep(&self, away: &Arc<Away>, size: usize) {
        if self.send(Message::Sweep(Arc::clone(away), size), size).is_err() {
            away.is_untold();
        }
    }

    /// Has the worker send what is left of a segment that has ended. If the queue is full, all of that is lost.
    pub(crate) fn sweep_last(&self, away: &Arc<Away>, size: usize) {
        if let Err(reason) = self.send(Message::Sweep(Arc::clone(away), size), size) {
            let (record, parts) = away.take_back();
            let lost = parts.len() + usize::from(record.is_some());
            self.shared.counters.dropped(reason, lost as u64);
        }
    }

    /// How many subsegments may leave before their segment now.
    pub(crate) fn room(&self) -> usize {
        match &self.road {
            Road::Inline(_) => QUEUE_RECORDS,
            Road::Worker { .. } => self.waiting().room(),
        }
    }

    /// With no worker, emits what was delivered.
    pub(crate) fn emit_inline(&self) {
        if let Road::Inline(inline) = &self.road {
            inline.emit(&self.shared);
        }
    }

    /// Keeps a segment of so many bytes whose subsegments are open; it leaves after the grace period
    /// at the latest, and before if too much waits.
    pub(crate) fn hold(&self, live: Arc<Live>, bytes: usize) {
        let held = &self.shared.held;
        let first = held.push(Instant::now() + self.timing.grace, live, bytes);
        while let Some(oldest) = held.pop_excess() {
            oldest.leave_early();
        }
        match &self.road {
            // If the queue is full the worker is awake and looks at the deadlines anyway.
            Road::Worker { sender, .. } if first => drop(sender.try_send(Message::Held)),
            _ => {}
        }
    }

    /// A segment that may have been kept has left.
    pub(crate) fn let_go(&self, live: &Live) {
        self.shared.held.let_go(live);
    }

    /// Watches a segment that serves a request; `None` where nobody would look at it.
    pub(crate) fn watch(&self, live: &Arc<Live>, spread: u64) -> Option<Ticket> {
        let watches =
            self.timing.in_progress_after.is_some() && matches!(self.road, Road::Worker { .. });
        watches.then(|| self.shared.running.insert(live, spread))
    }

    pub(crate) fn unwatch(&self, ticket: &Ticket) {
        self.shared.running.remove(ticket);
    }

    /// With no worker to keep the deadlines, each begin and end looks at them.
    #[inline]
    pub(crate) fn check_deadlines(&self) {
        if let Road::Inline(inline) = &self.road {
            self.check_inline(inline);
        }
    }

    fn check_inline(&self, inline: &Inline) {
        self.shared.release_due(Instant::now());
        if !inline.is_empty() {
            inline.emit(&self.shared);
        }
    }

    /// Asks that all that was handed over leaves; the ticket says when it has.
    pub(crate) fn flush(&self, timeout: Duration) -> Arc<Flush> {
        let flush = Arc::new(Flush::new(Instant::now() + timeout));
        self.shared.release_all();
        match &self.road {
            Road::Inline(inline) => flush.finish(inline.flush(&self.shared, timeout)),
            Road::Worker { sender, thread } => {
                let mut message = Message::Flush(Arc::clone(&flush));
                loop {
                    match sender.try_send(message) {
                        Ok(()) => {
                            thread.iter().for_each(thread::Thread::unpark);
                            break;
                        }
                        Err(TrySendError::Full(back)) if Instant::now() < flush.deadline => {
                            message = back;
                            thread::yield_now();
                        }
                        Err(_) => {
                            flush.finish(false);
                            break;
                        }
                    }
                }
            }
        }
        flush
    }

    fn waiting(&self) -> &Waiting {
        &self.shared.counters.waiting
    }
}

impl Shared {
    pub(super) fn emit(&self, emitter: &mut dyn Emitter, batch: &mut Vec<Record>) {
        if batch.is_empty() {
            return;
        }
        let emitted = catch_unwind(AssertUnwindSafe(|| {
            for record in batch.iter_mut() {
                record.settled(&self.common);
            }
            emitter.emit(batch, &self.counters);
        }));
        if emitted.is_err() {
            let first = self.counters.snapshot().dropped_emitter_panic == 0;
            self.counters.dropped(Drop::EmitterPanic, batch.len() as u64);
            if first {
                crate::logging::error!("the emitter panicked; {} records are dropped", batch.len());
            }
        }
        batch.drain(..).for_each(|record| self.recycle(record));
    }

    fn recycle(&self, record: Record) {
        let size = record.size();
        let (data, live) = record.into_parts();
        if let Some(data) = data {
            self.common.spares.give(data);
        }
        if size <= POOL_RECORD_BYTES
            && let Some(live) = live.and_then(Live::reused)
        {
            // With enough of them there, one more is not kept.
            let _ = self.pool.push(live);
        }
    }

    /// Whether more is kept for use than while nothing comes.
    pub(super) fn keeps_much(&self) -> bool {
        self.pool.len() > IDLE_RECORDS
    }

    pub(super) fn keep_little(&self) {
        while self.keeps_much() {
            drop(self.pool.pop());
        }
    }

    /// Sends what has waited for long enough; returns when the next has.
    pub(super) fn release_due(&self, now: Instant) -> Option<Instant> {
        while let Some(due) = self.held.pop_due(now) {
            due.leave_early();
        }
        self.held.next()
    }

    fn release_all(&self) {
        self.held.take_all().iter().for_each(|live| live.leave_early());
    }
}

/// A panic elsewhere leaves the data whole: no invariant spans an unlocked moment.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
