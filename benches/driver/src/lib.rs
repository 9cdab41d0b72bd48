//! What all contenders share: the data of a request, how it is measured, and how a program is told
//! what to do.
//!
//! A program does one contender's work and nothing before it is asked, so that contenders can take
//! turns. `python/peer.py` and `node/peer.mjs` speak the same protocol; see [`serve`].

mod item;
mod request;
mod serve;
#[cfg(feature = "tracing")]
pub mod spans;

pub use item::{Item, POOL, pool};
pub use request::{Contender, Requests, program};
pub use serve::{Make, Program, Repeat, Work, serve};

use cpu_time::ThreadTime;

/// What a piece of work took, of the thread that does it: nanoseconds, or allocations in a program that
/// counts them with an allocator which would cost the others time.
pub type Meter = fn(&mut dyn FnMut()) -> u64;

/// Nanoseconds of the processor, of the thread alone.
#[must_use]
pub fn thread_time(work: &mut dyn FnMut()) -> u64 {
    let begin = ThreadTime::now();
    work();
    u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Nanoseconds, or allocations, and how many operations they are of.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    pub total: u64,
    pub operations: u64,
}
