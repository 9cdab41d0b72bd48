//! The random numbers of ids, and what makes two copies of a process draw different ones.

use std::{
    cell::Cell,
    sync::atomic::{AtomicU32, Ordering},
};

use rand::distr::{Distribution, StandardUniform};

/// How often the process was told to take new seeds.
static ASKED: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// How often this thread has heard of it.
    static HEARD: Cell<u32> = const { Cell::new(0) };
}

/// Has every thread take a new seed from the operating system before it makes the next id.
///
/// To be called where a process has become two: in the child after a fork, and after it was restored
/// from a snapshot of its memory, which may be restored many times. Else both copies go on with the same
/// random numbers, and their traces get the same ids. A segment that was open at that moment keeps the
/// ids that it would have given. `xray-lambda` calls it by itself, at the first invocation.
///
/// ```
/// use xray_core::SegmentId;
///
/// xray_core::reseed(); // in an `after_restore` hook, for one
/// let id = SegmentId::random(); // drawn from a new seed
/// # let _ = id;
/// ```
pub fn reseed() {
    ASKED.fetch_add(1, Ordering::Relaxed);
}

/// A number, or several, of the thread's cryptographic generator.
#[inline]
pub(crate) fn random<T>() -> T
where
    StandardUniform: Distribution<T>,
{
    let asked = ASKED.load(Ordering::Relaxed);
    if HEARD.get() != asked {
        take_seed(asked);
    }
    rand::random()
}

#[cold]
fn take_seed(asked: u32) {
    // It says no only where the first seed could not have been had either.
    match rand::rng().reseed() {
        Ok(()) => HEARD.set(asked),
        Err(error) => crate::logging::error!("no new seed for ids: {error}"),
    }
}
