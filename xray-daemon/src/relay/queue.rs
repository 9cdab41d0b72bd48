//! The bounded queue in front of the relay, and the counts of everything that went into it.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::stats::{RelayState, RelayStats, RelayStatus};

/// The most bytes that wait or are on their way.
const MAX_BYTES: usize = 32 << 20;
/// The most documents that wait or are on their way, however small.
const MAX_DOCUMENTS: u64 = 1 << 17;
/// The most documents in one call; the service's limit.
const BATCH: usize = 50;
/// The most bytes in one call, one document excepted. The service names no limit for a whole call. This one, even
/// if escaping doubles it, is sent within the time of a call over 2 Mbit/s.
const BATCH_BYTES: usize = 1 << 20;
/// How long the first document of a batch waits for company.
const LINGER: Duration = Duration::from_secs(1);

/// A document as it was received.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) body: String,
    pub(super) received: Instant,
}

/// Where the checking thread and the relay meet. The counts stand behind the same lock, so that every copy balances.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Something to do for the relay: a first document, a full batch, the end.
    filled: Notify,
    /// The search is over.
    found: Condvar,
}

#[derive(Debug)]
struct State {
    waiting: VecDeque<Document>,
    /// Of the waiting.
    waiting_bytes: usize,
    /// Of the waiting and of those on their way.
    bytes: usize,
    stats: RelayStats,
    status: RelayStatus,
    closed: bool,
}

/// What becomes of one document in the end.
#[derive(Debug)]
pub(super) enum Fate {
    Sent,
    Unprocessed(String),
    Rejected(String),
    Expired,
}

impl Queue {
    pub(super) fn new() -> Self {
        let state = State {
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            bytes: 0,
            stats: RelayStats::default(),
            status: RelayStatus::new(RelayState::Searching),
            closed: false,
        };
        Self { state: Mutex::new(state), filled: Notify::new(), found: Condvar::new() }
    }

    /// Takes a body, or counts why not. Never waits.
    pub(super) fn push(&self, body: Vec<u8>) {
        let body = String::from_utf8(body);
        let mut state = self.lock();
        if state.status.state == RelayState::Off {
            return;
        }
        state.stats.taken += 1;
        let Ok(body) = body else {
            // OTLP in base64 is not decoded here, so nobody has looked at its bytes.
            state.stats.reject("NotUtf8");
            return;
        };
        let length = body.len();
        if state.bytes + length > MAX_BYTES || state.stats.waiting >= MAX_DOCUMENTS {
            state.stats.dropped += 1;
            return;
        }
        let was_full = state.is_full();
        state.bytes += length;
        state.waiting_bytes += length;
        state.stats.waiting += 1;
        state.waiting.push_back(Document { body, received: Instant::now() });
        let wake = state.waiting.len() == 1 || (!was_full && state.is_full());
        drop(state);
        if wake {
            self.filled.notify_one();
        }
    }

    /// Waits for a batch: full, or a second after its first document. `None` once closed and empty.
    pub(super) async fn next_batch(&self) -> Option<Vec<Document>> {
        loop {
            let until = {
                let mut state = self.lock();
                match state.waiting.front() {
                    None if state.closed => return None,
                    None => None,
                    Some(first) => {
                        let until = first.received + LINGER;
                        if state.closed || state.is_full() || until <= Instant::now() {
                            return Some(state.take());
                        }
                        Some(until)
                    }
                }
            };
            match until {
                None => self.filled.notified().await,
                Some(until) => tokio::select! {
                    () = self.filled.notified() => {}
                    () = tokio::time::sleep_until(until) => {}
                },
            }
        }
    }

    /// Counts the fate of one document that was taken. True if its code never occurred before.
    pub(super) fn settle(&self, document: &Document, fate: &Fate) -> bool {
        let mut state = self.lock();
        state.bytes -= document.body.len();
        state.stats.waiting -= 1;
        match fate {
            Fate::Sent => state.stats.sent += 1,
            Fate::Expired => state.stats.expired += 1,
            Fate::Unprocessed(code) => return state.stats.unprocessed(code),
            Fate::Rejected(code) => return state.stats.reject(code),
        }
        false
    }

    /// Counts a call that is made again, and why. True if the last call went well.
    pub(super) fn retry(&self, trouble: &str) -> bool {
        let mut state = self.lock();
        state.stats.retries += 1;
        state.status.reason = Some(trouble.to_owned());
        mem::replace(&mut state.status.state, RelayState::Failing) == RelayState::On
    }

    /// Notes that a call went well. True if the last one did not.
    pub(super) fn well(&self) -> bool {
        let mut state = self.lock();
        state.status.reason = None;
        mem::replace(&mut state.status.state, RelayState::On) == RelayState::Failing
    }

    /// Ends the search. Where nothing was found, what waits is let go.
    pub(super) fn found(&self, status: RelayStatus) {
        let mut state = self.lock();
        if status.state == RelayState::Off {
            state.waiting = VecDeque::new();
            (state.waiting_bytes, state.bytes) = (0, 0);
            state.stats = RelayStats::default();
        }
        state.status = status;
        drop(state);
        self.found.notify_all();
    }

    /// Waits for the end of the search, which is bounded.
    pub(super) fn searched(&self) -> RelayStatus {
        let searching = |state: &mut State| state.status.state == RelayState::Searching;
        let state = self.found.wait_while(self.lock(), searching);
        state.unwrap_or_else(PoisonError::into_inner).status.clone()
    }

    /// No document follows: what waits leaves without waiting for company.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    /// Gives up what waits and what is on its way; returns how many.
    pub(super) fn give_up(&self) -> u64 {
        let mut state = self.lock();
        let left = mem::take(&mut state.stats.waiting);
        state.stats.expired += left;
        state.waiting = VecDeque::new();
        (state.waiting_bytes, state.bytes) = (0, 0);
        left
    }

    pub(super) fn status(&self) -> RelayStatus {
        self.lock().status.clone()
    }

    /// The counts; none where nothing is relayed.
    pub(super) fn stats(&self) -> Option<RelayStats> {
        let state = self.lock();
        (state.status.state != RelayState::Off).then(|| state.stats.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in between leaves counts that are at worst one short.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_full(&self) -> bool {
        self.waiting.len() >= BATCH || self.waiting_bytes >= BATCH_BYTES
    }

    fn take(&mut self) -> Vec<Document> {
        let mut bytes = 0;
        let fits = self.waiting.iter().take(BATCH).take_while(|document| {
            bytes += document.body.len();
            bytes <= BATCH_BYTES
        });
        let count = fits.count().max(1).min(self.waiting.len());
        let batch: Vec<_> = self.waiting.drain(..count).collect();
        self.waiting_bytes -= batch.iter().map(|document| document.body.len()).sum::<usize>();
        batch
    }
}
