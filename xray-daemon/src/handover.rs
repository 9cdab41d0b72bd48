//! The bounded hand-over from the receiving thread to the checking thread.
//!
//! Datagrams are packed end to end into one block, which the checking thread swaps for an empty one. So a
//! burst costs no allocation per datagram, and the receiving thread holds the lock for the time of a copy.

use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::stats::Stats;

/// The most bytes that wait to be checked, and as many may be in the hands of the checking thread.
const MAX_BYTES: usize = 32 << 20;
/// The most datagrams that wait, however small.
const MAX_DATAGRAMS: usize = 1 << 18;
/// A block that a burst has made larger than this is given back.
const KEEP_BYTES: usize = 1 << 20;

/// Datagrams end to end.
#[derive(Debug, Default)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Block {
    pub(crate) fn datagrams(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.bytes[start..end])
    }

    fn push(&mut self, datagram: &[u8]) -> bool {
        if self.bytes.len() + datagram.len() > MAX_BYTES || self.ends.len() >= MAX_DATAGRAMS {
            return false;
        }
        self.bytes.extend_from_slice(datagram);
        self.ends.push(self.bytes.len());
        true
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        if self.bytes.capacity() > KEEP_BYTES {
            self.bytes.shrink_to(KEEP_BYTES);
            self.ends.shrink_to(KEEP_BYTES / size_of::<usize>());
        }
    }
}

/// The place where the two threads meet. The counts stand behind the same lock, so that every copy balances.
#[derive(Debug, Default)]
pub(crate) struct Handover {
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Block,
    stats: Stats,
    closed: bool,
}

/// What the checking thread finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Datagrams,
    Nothing,
    Closed,
}

impl Handover {
    /// Hands over datagrams, and says for how many there was no room; those are counted as dropped.
    pub(crate) fn push<'d>(&self, datagrams: impl Iterator<Item = &'d [u8]>) -> u64 {
        let mut state = self.lock();
        let (idle, before) = (state.waiting.ends.is_empty(), state.stats.dropped);
        for datagram in datagrams {
            state.stats.received += 1;
            if state.waiting.push(datagram) {
                state.stats.queued += 1;
            } else {
                state.stats.dropped += 1;
            }
        }
        let filled = idle && !state.waiting.ends.is_empty();
        let dropped = state.stats.dropped - before;
        drop(state);
        if filled {
            self.filled.notify_one();
        }
        dropped
    }

    /// Swaps the block for the waiting one; waits a while if nothing does.
    pub(crate) fn take(&self, block: &mut Block, patience: Duration) -> Taken {
        block.clear();
        let idle = |state: &mut State| state.waiting.ends.is_empty() && !state.closed;
        let waited = self.filled.wait_timeout_while(self.lock(), patience, idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if !state.waiting.ends.is_empty() {
            mem::swap(block, &mut state.waiting);
            Taken::Datagrams
        } else if state.closed {
            Taken::Closed
        } else {
            Taken::Nothing
        }
    }

    /// Counts the fate of one datagram that was taken.
    pub(crate) fn settle<T>(&self, count: impl FnOnce(&mut Stats) -> T) -> T {
        let mut state = self.lock();
        state.stats.queued -= 1;
        count(&mut state.stats)
    }

    /// No datagram follows.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
    }

    pub(crate) fn stats(&self) -> Stats {
        self.stats_and(|_| {})
    }

    /// The counts, with more of the same moment.
    pub(crate) fn stats_and(&self, more: impl FnOnce(&mut Stats)) -> Stats {
        let state = self.lock();
        let mut stats = state.stats.clone();
        more(&mut stats);
        stats
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in between leaves counts that are at worst one short.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_limits_and_counts_what_it_drops() {
        let handover = Handover::default();
        let big = vec![7; 65_507];
        let fits = MAX_BYTES / big.len();
        assert_eq!(handover.push((0..fits + 3).map(|_| &*big)), 3);
        let stats = handover.stats();
        assert_eq!((stats.queued, stats.dropped), (fits as u64, 3));

        let mut block = Block::default();
        assert_eq!(handover.take(&mut block, Duration::ZERO), Taken::Datagrams);
        assert_eq!(block.datagrams().count(), fits);
        handover.push([b"".as_slice(), b"next"].into_iter());
        handover.close();
        assert_eq!(handover.take(&mut block, Duration::ZERO), Taken::Datagrams);
        assert_eq!(block.datagrams().collect::<Vec<_>>(), [b"".as_slice(), b"next"]);
        assert_eq!(handover.take(&mut block, Duration::ZERO), Taken::Closed);
    }

    #[test]
    fn bounds_the_number_of_empty_datagrams() {
        let handover = Handover::default();
        let empty = std::iter::repeat_n(b"".as_slice(), MAX_DATAGRAMS + 5);
        assert_eq!(handover.push(empty), 5);
        assert_eq!(handover.stats().dropped, 5);
    }

    #[test]
    fn every_copy_of_the_counts_balances() {
        let handover = Handover::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    handover.push([b"datagram".as_slice(); 5].into_iter());
                }
                handover.close();
            });
            scope.spawn(|| {
                let mut block = Block::default();
                while handover.take(&mut block, Duration::from_secs(60)) != Taken::Closed {
                    for _ in block.datagrams() {
                        handover.settle(|stats| stats.accepted += 1);
                    }
                }
            });
            for _ in 0..1_000 {
                let stats = handover.stats();
                assert_eq!(stats.received, stats.accepted + stats.dropped + stats.queued);
            }
        });
        assert_eq!(handover.stats().accepted, 5_000);
    }
}
