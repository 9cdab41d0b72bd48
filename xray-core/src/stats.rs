//! What was recorded, what left and what was lost.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::emit::Waiting;

/// Why something was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Drop {
    /// The queue to the worker was full.
    QueueFull,
    /// A document stayed too big for a datagram after splitting.
    Oversize,
    /// The operating system refused to send.
    Io,
    /// The operating system forbade it: a firewall, or a route that prohibits it.
    Denied,
    /// The network took no more for too long.
    Busy,
    /// The daemon's host name has no address.
    Unresolved,
    /// The record was full: too many entities or bytes in one trace.
    RecordFull,
    /// The emitter panicked.
    EmitterPanic,
    /// The `before_emit` hook said so; no loss.
    Hook,
    /// The worker is gone.
    Closed,
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// Totals since the recorder was built. Read them with
        /// [`Recorder::stats`](crate::Recorder::stats).
        ///
        /// ```
        /// let xray = xray_core::Recorder::builder("orders").build()?;
        /// assert_eq!(xray.stats().dropped(), 0);
        /// # Ok::<(), xray_core::Error>(())
        /// ```
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[$doc])* pub $name: u64,)+
            /// Records that wait for the worker now.
            pub queued: u64,
        }

        /// The counters behind [`Stats`]; an [`Emitter`](crate::emit::Emitter) adds to them.
        #[derive(Debug, Default)]
        pub struct Counters {
            $(pub(crate) $name: AtomicU64,)+
            pub(crate) waiting: Waiting,
        }

        impl Counters {
            pub(crate) fn snapshot(&self) -> Stats {
                Stats {
                    $($name: self.$name.load(Ordering::Relaxed),)+
                    queued: self.waiting.records() as u64,
                }
            }
        }
    };
}

counters! {
    /// Segments begun and recorded.
    sampled,
    /// Segments begun and not recorded.
    unsampled,
    /// Not sampled and kept at their end, since they turned out to matter; part of `unsampled`.
    kept,
    /// As `kept`, but over the limit per second and thrown away.
    kept_capped,
    /// Not sampled and kept since code asked for it with `force_sampling`; part of `unsampled`.
    promoted,
    /// Sampled because the caller's header said so; part of `sampled`.
    forced,
    /// Documents handed to the network.
    sent,
    /// Bytes of these documents, header lines included.
    sent_bytes,
    /// Answers that nobody listens at the daemon's address; each is a datagram that `sent` counts
    /// and nobody received.
    refused,
    /// Documents that left by one system call with others; part of `sent`.
    batched,
    /// Batches that the operating system did not take, for want of support or since their datagrams
    /// were too long for the route. Their documents left one by one; no loss.
    batches_refused,
    /// Subsegments that left on their own, before or after their segment.
    streamed,
    /// Documents that left without their largest values, which were too big.
    trimmed,
    /// Requests that ran for long and were shown as in progress.
    in_progress,
    /// Segments that were thrown away by `discard_segment`; no loss.
    discarded,
    /// Segments that left before their subsegments had ended, after the grace period or at a flush.
    left_early,
    /// Records lost because the queue was full.
    dropped_full,
    /// Entities lost because they were too big.
    dropped_oversize,
    /// Documents lost because sending failed.
    dropped_io,
    /// Documents lost because a firewall, or a route that prohibits it, forbade sending.
    dropped_denied,
    /// Documents lost because the network took no more for too long.
    dropped_busy,
    /// Documents lost because the daemon's name did not resolve.
    dropped_unresolved,
    /// Entities and values lost because their record was full.
    dropped_record_full,
    /// Records lost because the emitter panicked.
    dropped_emitter_panic,
    /// Records lost because the worker was gone.
    dropped_closed,
    /// Documents that the `before_emit` hook kept from leaving; no loss.
    dropped_by_hook,
    /// Panics of the `before_emit` hook, whose documents left, and of the predicate of `Keep`.
    hook_panics,
}

impl Stats {
    /// All losses together. What a `before_emit` hook dropped is none.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped_full
            + self.dropped_oversize
            + self.dropped_io
            + self.dropped_denied
            + self.dropped_busy
            + self.dropped_unresolved
            + self.dropped_record_full
            + self.dropped_emitter_panic
            + self.dropped_closed
    }
}

impl Counters {
    /// Counts documents that left.
    pub fn sent(&self, documents: u64, bytes: u64) {
        self.sent.fetch_add(documents, Ordering::Relaxed);
        self.sent_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts an answer that nobody listens.
    pub fn refused(&self) {
        add(&self.refused, 1);
    }

    /// Whether it is the first one.
    pub(crate) fn hook_panicked(&self) -> bool {
        self.hook_panics.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// Counts documents from which something was left out to make them fit.
    pub fn trimmed(&self, documents: u64) {
        add(&self.trimmed, documents);
    }

    /// Counts losses.
    pub fn dropped(&self, reason: Drop, count: u64) {
        let counter = match reason {
            Drop::QueueFull => &self.dropped_full,
            Drop::Oversize => &self.dropped_oversize,
            Drop::Io => &self.dropped_io,
            Drop::Denied => &self.dropped_denied,
            Drop::Busy => &self.dropped_busy,
            Drop::Unresolved => &self.dropped_unresolved,
            Drop::RecordFull => &self.dropped_record_full,
            Drop::EmitterPanic => &self.dropped_emitter_panic,
            Drop::Closed => &self.dropped_closed,
            Drop::Hook => &self.dropped_by_hook,
        };
        add(counter, count);
    }
}

pub(crate) fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}
