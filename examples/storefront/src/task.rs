//! A background task that ends in good order.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long a task may take to finish what it has begun.
const PATIENCE: Duration = Duration::from_secs(8);

/// Resolves when the task is to end.
pub(crate) type Stop = oneshot::Receiver<()>;

/// A task that is asked to end, not cut off.
#[derive(Debug)]
pub(crate) struct Task {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Task {
    pub(crate) fn spawn<F>(work: impl FnOnce(Stop) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        Self { stop, task: tokio::spawn(work(stopped)) }
    }

    /// Asks it to end and waits until it has.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        let mut task = self.task;
        if timeout(PATIENCE, &mut task).await.is_err() {
            task.abort();
        }
    }
}
