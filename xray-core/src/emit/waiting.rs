use crate::sync::atomic::{AtomicUsize, Ordering};

/// Records that may wait for the worker.
pub(crate) const QUEUE_RECORDS: usize = 8_192;

/// Bytes that may wait for the worker.
pub(crate) const QUEUE_BYTES: usize = 64 * 1024 * 1024;

/// A worker that rests is woken as the queue passes these marks.
const WAKE_RECORDS: usize = QUEUE_RECORDS / 16;
const WAKE_BYTES: usize = QUEUE_BYTES / 16;

/// What became of a record that was counted.
#[derive(Debug)]
pub(super) struct Added {
    /// There is room for its bytes.
    pub(super) fits: bool,
    /// The worker should not rest any longer.
    pub(super) wakes: bool,
}

/// What waits for the worker. Every thread that ends a segment writes here, so nothing else shares its
/// cache lines.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Waiting {
    records: AtomicUsize,
    bytes: AtomicUsize,
}

impl Waiting {
    /// Counts a record of this size.
    pub(super) fn add(&self, size: usize) -> Added {
        let records = self.records.fetch_add(1, Ordering::Relaxed);
        let bytes = self.bytes.fetch_add(size, Ordering::Relaxed);
        let mark = WAKE_BYTES.wrapping_sub(bytes);
        Added {
            fits: bytes <= QUEUE_BYTES,
            wakes: records == WAKE_RECORDS || (1..=size).contains(&mark),
        }
    }

    /// So many records, of so many bytes together, wait no longer.
    pub(super) fn taken(&self, records: usize, bytes: usize) {
        self.records.fetch_sub(records, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(crate) fn records(&self) -> usize {
        self.records.load(Ordering::Relaxed)
    }

    /// How many subsegments may leave before their segment now. Half of the queue is kept for
    /// segments: a subsegment can wait inside its segment, a segment can wait nowhere else.
    pub(super) fn room(&self) -> usize {
        if self.bytes.load(Ordering::Relaxed) > QUEUE_BYTES / 2 {
            return 0;
        }
        (QUEUE_RECORDS / 2).saturating_sub(self.records())
    }

    /// Little is missing until records are dropped.
    pub(super) fn is_pressing(&self) -> bool {
        self.records() > QUEUE_RECORDS / 4 * 3
            || self.bytes.load(Ordering::Relaxed) > QUEUE_BYTES / 4 * 3
    }
}
