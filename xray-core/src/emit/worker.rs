use std::{
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
    sync::{
        mpsc::{Receiver, RecvTimeoutError, TryRecvError},
        park_timeout,
    },
};

/// Records the emitter is given at a time.
const BATCH: usize = 64;

/// A worker that waits for nothing in particular still looks up after this time.
const IDLE: Duration = Duration::from_secs(3600);

/// After work, what is handed over may wait for so long; a thread that sleeps longer has to be woken.
const REST: Duration = Duration::from_millis(1);

/// The thread that owns the emitter.
pub(super) struct Worker {
    pub(super) emitter: Box<dyn Emitter>,
    pub(super) receiver: Receiver<Message>,
    pub(super) shared: Arc<Shared>,
    pub(super) timing: Timing,
}

impl Worker {
    /// Runs until the last recorder and the last open segment are gone.
    pub(super) fn run(mut self) {
        prepare_clock();
        let mut batch = Vec::with_capacity(BATCH);
        let look = self.timing.in_progress_after.map(|after| (after, look_every(after)));
        let mut look_at = look.map(|(_, every)| Instant::now() + every);
        let mut told = false;
        let mut rests = false;
        loop {
            let now = Instant::now();
            if let (Some((after, every)), Some(at)) = (look, look_at)
                && at <= now
            {
                self.shared.running.show_long(after);
                look_at = Some(now + every);
            }
            let next = [self.shared.release_due(now), look_at].into_iter().flatten().min();
            let wait = next.map_or(IDLE, |next| next.saturating_duration_since(now));
            let received = if rests { self.rest(wait) } else { self.receiver.recv_timeout(wait) };
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
            self.emit(&mut batch);
            if !told && self.shared.counters.snapshot().dropped_full > 0 {
                told = true;
                crate::logging::error!(
                    "traces come faster than they leave, and some are dropped; `Recorder::stats` counts them"
                );
            }
        }
    }

    /// The next message, after a rest if there is none: to wake a thread costs the one that ends a
    /// segment more than all else it does. `Timeout` if still nobody has handed anything over.
    fn rest(&self, wait: Duration) -> Result<Message, RecvTimeoutError> {
        let next = |error| match error {
            TryRecvError::Empty => RecvTimeoutError::Timeout,
            TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
        };
        match self.receiver.try_recv() {
            Err(TryRecvError::Empty) => park_timeout(REST.min(wait)),
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
