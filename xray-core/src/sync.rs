//! Locks, channels and threads: those of the standard library, or in the model test those of a
//! scheduler that tries one order of events after the other.

#[cfg(not(all(test, xray_model)))]
pub(crate) use std::{
    sync::{Condvar, Mutex, MutexGuard, atomic, mpsc},
    thread,
    thread::park_timeout,
};

#[cfg(all(test, xray_model))]
pub(crate) use shuttle::{
    sync::{Condvar, Mutex, MutexGuard, atomic, mpsc},
    thread,
};

/// There, time passes at once.
#[cfg(all(test, xray_model))]
pub(crate) fn park_timeout(_: std::time::Duration) {
    thread::yield_now();
}
