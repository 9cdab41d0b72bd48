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

/// What the kernel counts against a receive buffer besides the document itself. Measured.
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
        let size = bytes + documents * OVERHEAD;
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
