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
    sync::mpsc::{Receiver, RecvTimeoutError},
};

/// Records the emitter is given at a time.
const BATCH: usize = 64;

/// A worker that waits for nothing in particular still looks up after this time.
const IDLE: Duration = Duration::from_secs(3600);

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
            match self.receiver.recv_timeout(wait) {
                Ok(message) => self.take(message, &mut batch),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            while batch.len() < BATCH {
                let Ok(message) = self.receiver.try_recv() else { break };
                self.take(message, &mut batch);
            }
            self.shared.emit(&mut *self.emitter, &mut batch);
            if !told && self.shared.counters.snapshot().dropped_full > 0 {
                told = true;
                crate::logging::error!(
                    "traces come faster than they leave, and some are dropped; `Recorder::stats` counts them"
                );
            }
        }
    }

    fn take(&mut self, message: Message, batch: &mut Vec<Record>) {
        match message {
            Message::Record(record) => {
                self.shared.taken(record.size());
                batch.push(record);
            }
            Message::Flush(flush) => {
                self.shared.emit(&mut *self.emitter, batch);
                let left = flush.deadline.saturating_duration_since(Instant::now());
                let emitter = &mut self.emitter;
                let done = catch_unwind(AssertUnwindSafe(|| emitter.flush(left)));
                flush.finish(done.unwrap_or(false));
            }
            Message::Held => {}
        }
    }
}
