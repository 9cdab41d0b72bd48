//! The first invocation of a process.

use std::{
    env, process,
    sync::atomic::{AtomicU32, Ordering},
};

/// The process that was invoked last: after a fork, or in a process restored from a snapshot that was taken before
/// its first invocation, as Lambda takes them, it is not this one.
static INVOKED: AtomicU32 = AtomicU32::new(0);

/// Whether somebody waits for this process to start. The first invocation of a process that Lambda keeps
/// started is none of these, and has new seeds for its ids all the same.
pub(crate) fn is_cold() -> bool {
    let process = process::id();
    let first = INVOKED.swap(process, Ordering::Relaxed) != process;
    if first {
        xray_core::reseed();
    }
    first
        && !env::var("AWS_LAMBDA_INITIALIZATION_TYPE")
            .is_ok_and(|how| how == "provisioned-concurrency")
}
