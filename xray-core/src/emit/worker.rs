use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Emitter, Record,
    hub::{Message, Shared, Timing},
    running::look_every,
};
use crate::{
    record::prepare_clock,
    stats::{Drop, add},
    sync::{
        mpsc::{Receiver, RecvTimeoutError, TryRecvError},
        park_timeout,
    },
};

/// Records the emitter is given at a time.
const BATCH: usize = 64;

/// A worker that waits for nothing in particular still looks up after this time.
const IDLE: Duration = Duration::from_secs(3600);

/// After this time without work, memory that a burst took is given back.
const QUIET: Duration = Duration::from_secs(1);

/// How long the worker rests after work before it looks again; only then it sleeps until it is woken.
const SHORTEST_REST: Duration = Duration::from_micros(100);
const LONGEST_REST: Duration = Duration::from_millis(4);

/// Records that it likes to find after a rest: enough to be worth the waking, and few enough that there
/// is something to record the next ones in.
const AFTER_REST: u32 = 128;

/// The thread that owns the emitter.
pub(super) struct Worker {
    pub(super) emitter: Box<dyn Emitter>,
    pub(super) receiver: Receiver<Message>,
    pub(super) shared: Arc<Shared>,
    pub(super) timing: Timing,
}

/// The rests between work.
struct Rest {
    length: Duration,
    /// Taken since the last one.
    records: u32,
}

impl Rest {
    /// Longer if it found few records, shorter if many.
    fn next(&mut self) -> Duration {
        let length = self.length * AFTER_REST / mem::take(&mut self.records).max(1);
        self.length = length.clamp(SHORTEST_REST, LONGEST_REST);
        self.length
    }
}

impl Worker {
    /// Runs until the last recorder and the last open segment are gone.
    pub(super) fn run(mut self) {
        prepare_clock();
        let mut batch = Vec::with_capacity(BATCH);
        let look = self.timing.in_progress_after.map(|after| (after, look_every(after)));
        let mut look_at = look.map(|(_, every)| Instant::now() + every);
        let mut told = false;
        let mut rest = Rest { length: LONGEST_REST, records: 0 };
        let mut rests = false;
        let mut worked_at = Instant::now();
        loop {
            let now = Instant::now();
            if rests {
                worked_at = now;
            }
            let keeps_much = self.shared.keeps_much();
            if keeps_much && now.saturating_duration_since(worked_at) >= QUIET {
                self.shared.keep_little();
            }
            if let (Some((after, every)), Some(at)) = (look, look_at)
                && at <= now
            {
                self.shared.running.show_long(after);
                look_at = Some(now + every);
            }
            let next = [self.shared.release_due(now), look_at].into_iter().flatten().min();
            let wait = next.map_or(IDLE, |next| next.saturating_duration_since(now));
            let wait = if keeps_much { wait.min(QUIET) } else { wait };
            let received =
                if rests { self.rest(wait, &mut rest) } else { self.receiver.recv_timeout(wait) };
            rests = received.is_ok();
            match received {
                Ok(message) => self.take(message, &mut batch),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            while batch.len() < BATCH {
                let Ok(message) = self.receiver.try_recv() else { break };
                self.take(message, &mut batch);
            }
            rest.records = rest.records.saturating_add(batch.len() as u32);
            self.emit(&mut batch);
            if !told && self.shared.counters.snapshot().dropped_full > 0 {
                told = true;
                crate::logging::error!(
                    "traces come faster than they leave, and some are dropped; `Recorder::stats` counts them"
                );
            }
        }
    }

    /// The next message, after a rest if there is none; `Timeout` if there still is none. It would cost
    /// the thread that ends a segment ten times as much to wake this one as to record the segment, and
    /// what comes meanwhile leaves together.
    fn rest(&self, wait: Duration, rest: &mut Rest) -> Result<Message, RecvTimeoutError> {
        let next = |error| match error {
            TryRecvError::Empty => RecvTimeoutError::Timeout,
            TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
        };
        match self.receiver.try_recv() {
            Err(TryRecvError::Empty) => park_timeout(rest.next().min(wait)),
            received => return received.map_err(next),
        }
        self.receiver.try_recv().map_err(next)
    }

    fn emit(&mut self, batch: &mut Vec<Record>) {
        let bytes = batch.iter().map(Record::size).sum();
        self.shared.counters.waiting.taken(batch.len(), bytes);
        self.shared.emit(&mut *self.emitter, batch);
    }

    fn take(&mut self, message: Message, batch: &mut Vec<Record>) {
        match message {
            Message::Record(record) => batch.push(record),
            Message::Sweep(away, size) => {
                let counters = &self.shared.counters;
                counters.waiting.taken(1, size);
                let swept = catch_unwind(AssertUnwindSafe(|| away.sweep()));
                let Ok((parts, complete)) = swept else {
                    counters.dropped(Drop::EmitterPanic, 1);
                    crate::logging::error!("a long segment could not be written up and is dropped");
                    return;
                };
                add(&counters.streamed, parts.len() as u64);
                for record in parts.into_iter().chain(complete).map(Record::new) {
                    counters.waiting.add(record.size());
                    batch.push(record);
                }
            }
            Message::Flush(flush) => {
                self.emit(batch);
                let left = flush.deadline.saturating_duration_since(Instant::now());
                let emitter = &mut self.emitter;
                let done = catch_unwind(AssertUnwindSafe(|| emitter.flush(left)));
                flush.finish(done.unwrap_or(false));
            }
            Message::Held => {}
        }
    }
}
