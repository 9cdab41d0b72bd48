//! The bounded queue in front of the relay, and the counts of everything that went into it.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::stats::{RelayState, RelayStats, RelayStatus};
use crate::work::Body;

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
/// How often trouble is logged, where calls fail and go well by turns.
const TELL: Duration = Duration::from_secs(10);

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
    /// When trouble was last logged.
    told: Option<Instant>,
    /// Whether the log says that there is trouble.
    troubled: bool,
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
            told: None,
            troubled: false,
            closed: false,
        };
        Self { state: Mutex::new(state), filled: Notify::new(), found: Condvar::new() }
    }

    /// Takes a body, or counts why not. Never waits.
    pub(super) fn push(&self, body: Body) {
        let mut state = self.lock();
        if state.status.state == RelayState::Off {
            return;
        }
        state.stats.taken += 1;
        let Ok(body) = body else {
            state.stats.reject("NotUtf8");
            return;
        };
        let length = body.len();
        let full = state.bytes + length > MAX_BYTES || state.stats.waiting >= MAX_DOCUMENTS;
        if full || state.closed {
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

    /// Counts the fate of one document that was taken. True if it is a loss of a kind that never occurred before.
    pub(super) fn settle(&self, document: &Document, fate: &Fate) -> bool {
        let mut state = self.lock();
        state.bytes -= document.body.len();
        state.stats.waiting -= 1;
        match fate {
            Fate::Sent => state.stats.sent += 1,
            Fate::Expired => {
                state.stats.expired += 1;
                return state.stats.expired == 1;
            }
            Fate::Unprocessed(code) => return state.stats.unprocessed(code),
            Fate::Rejected(code) => return state.stats.reject(code),
        }
        false
    }

    /// Counts a call that is made again, and why. True if that should be told.
    pub(super) fn retry(&self, trouble: &str) -> bool {
        let mut state = self.lock();
        state.stats.retries += 1;
        state.status.reason = Some(trouble.to_owned());
        let first = mem::replace(&mut state.status.state, RelayState::Failing) == RelayState::On;
        let tell = first && state.told.is_none_or(|told| told.elapsed() >= TELL);
        if tell {
            (state.told, state.troubled) = (Some(Instant::now()), true);
        }
        tell
    }

    /// Notes that the service took or refused documents. True if trouble was told before.
    pub(super) fn well(&self) -> bool {
        let mut state = self.lock();
        state.status.reason = None;
        state.status.state = RelayState::On;
        mem::take(&mut state.troubled)
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
        state.closed = true;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(queue: &Queue) -> RelayStats {
        let stats = queue.stats().unwrap();
        let fates = stats.sent + stats.unprocessed + stats.rejected + stats.expired + stats.dropped;
        assert_eq!(stats.taken, fates + stats.waiting, "{stats}");
        stats
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_is_full_or_a_second_old() {
        let queue = Queue::new();
        let begin = Instant::now();
        for _ in 0..BATCH + 3 {
            queue.push(Ok("{}".to_owned()));
        }
        assert_eq!(queue.next_batch().await.unwrap().len(), BATCH);
        assert_eq!(begin.elapsed(), Duration::ZERO);
        assert_eq!(queue.next_batch().await.unwrap().len(), 3);
        assert!(begin.elapsed() >= LINGER);
        queue.push(Ok("last".to_owned()));
        queue.close();
        let closed = Instant::now();
        assert_eq!(queue.next_batch().await.unwrap()[0].body, "last");
        assert_eq!(closed.elapsed(), Duration::ZERO);
        assert!(queue.next_batch().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_is_bounded_in_bytes() {
        let queue = Queue::new();
        let big = "x".repeat(60_000);
        let fits = BATCH_BYTES / big.len();
        for _ in 0..fits + 2 {
            queue.push(Ok(big.clone()));
        }
        assert_eq!(queue.next_batch().await.unwrap().len(), fits);
        assert_eq!(queue.next_batch().await.unwrap().len(), 2);
        queue.push(Ok("x".repeat(BATCH_BYTES + 1)));
        assert_eq!(queue.next_batch().await.unwrap().len(), 1, "alone");
    }

    #[tokio::test(start_paused = true)]
    async fn the_newest_are_dropped_when_it_is_full_and_room_comes_back() {
        let queue = Queue::new();
        let big = "x".repeat(60_000);
        let fits = (MAX_BYTES / big.len()) as u64;
        for _ in 0..fits + 3 {
            queue.push(Ok(big.clone()));
        }
        assert_eq!((balance(&queue).waiting, balance(&queue).dropped), (fits, 3));
        let batch = queue.next_batch().await.unwrap();
        queue.push(Ok(big.clone()));
        assert_eq!(balance(&queue).dropped, 4, "what is on its way still counts");
        queue.settle(&batch[0], &Fate::Sent);
        queue.push(Ok(big));
        assert_eq!((balance(&queue).waiting, balance(&queue).dropped), (fits, 4));
        let small = Queue::new();
        for _ in 0..MAX_DOCUMENTS + 5 {
            small.push(Ok(String::new()));
        }
        assert_eq!(balance(&small).dropped, 5);
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_let_go_where_nothing_is_found() {
        let queue = Queue::new();
        queue.push(Ok("{}".to_owned()));
        queue.found(RelayStatus::off("nothing found"));
        assert_eq!(queue.searched().reason.as_deref(), Some("nothing found"));
        queue.push(Ok("{}".to_owned()));
        assert_eq!(queue.stats(), None);
        assert!(queue.lock().waiting.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_left_at_the_end_is_counted() {
        let queue = Queue::new();
        for body in [b"a".to_vec(), b"b".to_vec(), b"T1S\xff".to_vec()] {
            queue.push(String::from_utf8(body));
        }
        assert_eq!(balance(&queue).codes().collect::<Vec<_>>(), [("NotUtf8", 1)]);
        assert_eq!(queue.give_up(), 2);
        queue.push(Ok("late".to_owned()));
        let stats = balance(&queue);
        assert_eq!((stats.expired, stats.waiting, stats.dropped), (2, 0, 1));
        assert_eq!(
            stats.to_string(),
            "relayed 4 = sent 0 + unprocessed 0 + rejected 1 + expired 2 + dropped 1 + waiting 0 (NotUtf8 1)"
        );
    }
}
