use crate::sync::atomic::{AtomicUsize, Ordering};

/// Records that may wait for the worker.
pub(crate) const QUEUE_RECORDS: usize = 8_192;

/// Bytes that may wait for the worker.
pub(crate) const QUEUE_BYTES: usize = 64 * 1024 * 1024;

/// What waits for the worker. Every thread that ends a segment writes here, so nothing else shares its
/// cache lines.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Waiting {
    records: AtomicUsize,
    bytes: AtomicUsize,
}

impl Waiting {
    /// Counts a record of this size; `false` if there is no room for its bytes.
    pub(super) fn add(&self, size: usize) -> bool {
        self.records.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(size, Ordering::Relaxed) <= QUEUE_BYTES
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
