use std::{
    pin::Pin,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use super::Recorder;
use crate::emit::Flush;

/// How long a dropped guard waits for what has not left.
const FLUSH_ON_DROP: Duration = Duration::from_secs(5);

static INSTALLED: RwLock<Option<Recorder>> = RwLock::new(None);

/// Whether it is known that there is one, or was told that there is none.
static KNOWN: AtomicBool = AtomicBool::new(false);

pub(super) fn install(recorder: &Recorder) -> FlushGuard {
    let mut installed = INSTALLED.write().unwrap_or_else(PoisonError::into_inner);
    if installed.as_ref().is_some_and(|before| !before.is(recorder)) {
        crate::logging::warning!("another X-Ray recorder was installed; it is replaced");
    }
    *installed = Some(recorder.clone());
    KNOWN.store(true, Ordering::Relaxed);
    FlushGuard { recorder: recorder.clone(), flush: None }
}

pub(super) fn installed() -> Option<Recorder> {
    INSTALLED.read().unwrap_or_else(PoisonError::into_inner).clone()
}

pub(super) fn installed_or_told() -> Option<Recorder> {
    let recorder = installed();
    if recorder.is_none() && !KNOWN.swap(true, Ordering::Relaxed) {
        crate::logging::warning!(
            "no X-Ray recorder is installed, so requests are not recorded: keep the guard of \
             Recorder::install in main, or give the middleware a recorder"
        );
    }
    recorder
}

/// Keeps a recorder installed. Dropping it sends what waits, for at most five seconds, and takes the
/// recorder out again.
///
/// Keep it in a variable with a name: `let _ = xray.install()` drops it at once. In an async `main`
/// it can be awaited at the end, which flushes without blocking the thread:
///
/// ```
/// # async fn serve() {}
/// # async fn main_() -> Result<(), xray_core::Error> {
/// let flush = xray_core::Recorder::builder("orders").build()?.install();
/// serve().await;
/// let all_left = flush.await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping the guard at once sends nothing that comes later; keep it in a variable such as `_flush`"]
pub struct FlushGuard {
    recorder: Recorder,
    flush: Option<Arc<Flush>>,
}

impl FlushGuard {
    /// Waits until all that has ended has left, at most for `timeout`; `true` if it has.
    #[expect(clippy::must_use_candidate, reason = "most callers only want to wait")]
    pub fn flush(&self, timeout: Duration) -> bool {
        self.recorder.flush(timeout)
    }
}

impl Future for FlushGuard {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let recorder = self.recorder.clone();
        let flush = self.flush.get_or_insert_with(|| recorder.begin_flush(FLUSH_ON_DROP));
        flush.poll(cx.waker()).map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for FlushGuard {
    fn drop(&mut self) {
        if self.flush.is_none() && !self.recorder.flush(FLUSH_ON_DROP) {
            crate::logging::warning!("some traces did not leave within {FLUSH_ON_DROP:?}");
        }
        let mut installed = INSTALLED.write().unwrap_or_else(PoisonError::into_inner);
        if installed.as_ref().is_some_and(|current| current.is(&self.recorder)) {
            *installed = None;
        }
    }
}
