//! When an invocation is about to be killed.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, SystemTime},
};

use lambda_runtime::Context;
use tokio::{
    runtime::Handle,
    time::{Instant, Sleep, sleep, timeout_at},
};
use xray_core::Answering;

/// How long before its deadline an invocation that still runs is sent: enough for the smallest functions,
/// which get the processor for a few milliseconds in each 20. Of what is shorter than a second, a tenth.
const MARGIN: Duration = Duration::from_millis(100);

/// What rings shortly before the deadline, and how long before; `None` where there is none, or no timer.
pub(crate) fn timer(context: &Context) -> Option<(Sleep, Duration)> {
    let left = left(context);
    if left.is_zero() {
        return None;
    }
    let margin = MARGIN.min(left / 10);
    let timer = timed(|| sleep(left - margin))?;
    Some((timer, margin))
}

/// Watches a response that the handler has returned as the timer watched the handler, in a task that ends
/// with it. Outside of a runtime there is nothing that would.
pub(crate) fn watch(answering: Answering, at: Instant, margin: Duration) {
    let Ok(runtime) = Handle::try_current() else { return };
    let Some(answered) = timed(|| timeout_at(at, answering)) else { return };
    runtime.spawn(async move {
        let mut answered = pin!(answered);
        if answered.as_mut().await.is_err() {
            answered.get_ref().times_out(margin);
        }
    });
}

/// Makes what rings; `None` where there is no timer. tokio panics where its timer was not enabled, and has
/// no other way to ask.
fn timed<T>(make: impl FnOnce() -> T) -> Option<T> {
    static NO_TIMER: AtomicBool = AtomicBool::new(false);
    if NO_TIMER.load(Ordering::Relaxed) {
        return None;
    }
    let made = catch_unwind(AssertUnwindSafe(make));
    if made.is_err() {
        NO_TIMER.store(true, Ordering::Relaxed);
        log::warn!("timeouts are not recorded: tokio runs without `enable_time`");
    }
    made.ok()
}

/// The time until the deadline.
fn left(context: &Context) -> Duration {
    context.deadline().duration_since(SystemTime::now()).unwrap_or_default()
}
