//! The road out: finished records, who emits them, and the worker between.
//!
//! The request's thread fills a [`Record`] and hands it over; an [`Emitter`] on a worker thread
//! takes it from there. [`UdpEmitter`] sends to the X-Ray daemon and is the default.

mod address;
mod flush;
mod held;
mod hub;
mod inline;
mod record;
mod running;
mod trim;
mod udp;
mod waiting;
mod worker;
mod write;

pub use address::DaemonAddress;
pub use record::{Record, Written};
pub use udp::UdpEmitter;

pub(crate) use flush::Flush;
pub(crate) use hub::{Hub, Timing, lock};
pub(crate) use running::Ticket;
pub(crate) use waiting::Waiting;
pub(crate) use write::{Fixed, fields};

use std::time::Duration;

use crate::stats::Counters;

/// Sends finished records somewhere.
///
/// One thread calls it at a time: the worker, or with [`Delivery::Inline`] the thread that ended
/// the segment. It must not keep the records; what it cannot send, it counts.
///
/// ```
/// use xray_core::{Recorder, emit::{Emitter, Record}, stats::Counters};
///
/// #[derive(Debug)]
/// struct Print;
///
/// impl Emitter for Print {
///     fn emit(&mut self, records: &[Record], counters: &Counters) {
///         for document in records.iter().flat_map(Record::documents) {
///             println!("{} took {:?}", document.name, document.end_time);
///             counters.sent(1, 0);
///         }
///     }
/// }
///
/// let xray = Recorder::builder("orders").emitter(Print).build()?;
/// # Ok::<(), xray_core::Error>(())
/// ```
pub trait Emitter: Send + 'static {
    /// Called once, before the first record: which thread will emit. An emitter that wraps others
    /// hands it on.
    fn start(&mut self, delivery: Delivery) {
        let _ = delivery;
    }

    /// Sends `records`, in order, and counts what became of them.
    fn emit(&mut self, records: &[Record], counters: &Counters);

    /// Waits until what was emitted has left, at most for `timeout`; `true` if it has.
    fn flush(&mut self, timeout: Duration) -> bool {
        let _ = timeout;
        true
    }
}

/// Which thread emits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// A worker thread; ending a segment only hands it over.
    #[default]
    Background,
    /// The thread that ends the segment, at once: for Lambda and for programs that exit soon.
    Inline,
}
