use std::{
    thread,
    time::{Duration, Instant},
};

use crate::emit::waiting::{QUEUE_RECORDS, Waiting};

/// Half of a socket's receive buffer as Linux makes it (`net.core.rmem_default`, 212,992): what may be
/// on its way to a reader that waits for a core.
const BURST: usize = 212_992 / 2;

/// How long a reader is given for one burst: 48 documents of 1.4 KB in a millisecond are about what
/// the original daemon takes.
const GENTLE: Duration = Duration::from_millis(1);

/// The same while documents wait. A reader that does nothing else takes a document in a microsecond.
const BRISK: Duration = Duration::from_micros(50);

/// With fewer records in the queue there is no hurry.
const FEW: usize = 256;

/// What the kernel counts against a receive buffer besides the document itself, for each of a batch.
const OVERHEAD: usize = 848;

/// Keeps bursts below what a receiver's buffer holds: a burst and a pause, until the queue is so full
/// that records would be dropped, or so many have been sent that it is no burst but the usual rate.
///
/// Measured with a plain reader on a default buffer: of 1,000 documents sent without pauses some 60 %
/// arrive, with pauses all, at less cost for each that does.
#[derive(Debug)]
pub(super) struct Pace {
    /// Bytes that the reader may not have read yet.
    in_flight: usize,
    at: Instant,
    /// Documents sent since the queue was last empty.
    streak: usize,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { in_flight: 0, at: Instant::now(), streak: 0 }
    }

    /// Waits until the documents may leave.
    pub(super) fn wait(&mut self, documents: usize, bytes: usize, waiting: &Waiting) {
        let records = waiting.records();
        if records == 0 {
            self.streak = 0;
        }
        self.streak = self.streak.saturating_add(documents);
        let now = Instant::now();
        if now.duration_since(self.at) >= GENTLE {
            self.in_flight = 0;
        }
        self.at = now;
        let size = counted(documents, bytes);
        if self.in_flight > 0 && self.in_flight + size > BURST {
            if self.streak <= QUEUE_RECORDS && !waiting.is_pressing() {
                thread::sleep(if records < FEW { GENTLE } else { BRISK });
                self.at = Instant::now();
            }
            self.in_flight = 0;
        }
        self.in_flight += size;
    }
}

/// What the kernel counts of a receive buffer for documents that leave by one call, as measured.
fn counted(documents: usize, bytes: usize) -> usize {
    match documents {
        // Its memory comes in powers of two, with room for headers and its own notes.
        1 => (bytes + 400).next_power_of_two() + 256,
        _ => bytes + documents * OVERHEAD,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many documents a receive buffer of the usual size held before any was dropped.
    #[test]
    fn what_is_counted_is_what_was_measured() {
        let table = [(300, 166, 188), (1_000, 92, 116), (1_400, 92, 95), (1_800, 48, 80)];
        for (length, alone, in_batches) in table {
            let held = |size: usize| 2 * BURST / size;
            assert_eq!(held(counted(1, length)), alone, "{length}");
            let batches = held(counted(16, 16 * length)) * 16;
            assert!(batches.abs_diff(in_batches) <= 16, "{length}: {batches}");
        }
    }

    #[test]
    fn no_burst_is_more_than_half_of_a_buffer() {
        let (mut pace, waiting) = (Pace::new(), Waiting::default());
        let mut pauses = 0;
        for documents in (1..=16).cycle().take(100) {
            let before = pace.in_flight;
            pace.wait(documents, 1_400 * documents, &waiting);
            pauses += usize::from(pace.in_flight < before);
            assert!(pace.in_flight <= BURST);
        }
        assert!(pauses > 10, "{pauses}");
    }
}
