//! When an invocation is about to be killed.

use std::{
    panic::catch_unwind,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, SystemTime},
};

use lambda_runtime::Context;
use tokio::time::Sleep;

/// How long before its deadline an invocation that still runs is sent: enough for the smallest functions,
/// which get the processor for a few milliseconds in each 20. Of what is shorter than a second, a tenth.
const MARGIN: Duration = Duration::from_millis(100);

/// What rings shortly before the deadline, and how long before; `None` where there is none, or no timer.
pub(crate) fn timer(context: &Context) -> Option<(Sleep, Duration)> {
    static NO_TIMER: AtomicBool = AtomicBool::new(false);
    let left = left(context);
    if left.is_zero() || NO_TIMER.load(Ordering::Relaxed) {
        return None;
    }
    let margin = MARGIN.min(left / 10);
    // tokio panics where its timer was not enabled, and has no other way to ask.
    let timer = catch_unwind(|| tokio::time::sleep(left - margin));
    if timer.is_err() {
        NO_TIMER.store(true, Ordering::Relaxed);
        log::warn!("timeouts are not recorded: tokio runs without `enable_time`");
    }
    Some((timer.ok()?, margin))
}

/// The time until the deadline.
fn left(context: &Context) -> Duration {
    context.deadline().duration_since(SystemTime::now()).unwrap_or_default()
}
