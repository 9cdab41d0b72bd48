//! Sends accepted documents on to X-Ray, byte for byte.
//!
//! The way of the data: queue, batch, deliver. The checking thread only puts a copy into the bounded queue; one
//! thread with a small runtime of its own does all that waits.

mod deliver;
mod find;
mod queue;
mod stats;
mod text;
mod upstream;
mod xray;

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use xray_console::{Console, RelayReport};

use crate::sampling::UpstreamPlace;
use crate::work::Forward;
use queue::Queue;
pub use stats::{RelayState, RelayStats, RelayStatus};
use xray::XRay;

/// Calls at a time, as in the original daemon.
const CALLS: usize = 8;
/// How long a stopping relay goes on.
const FLUSH: Duration = Duration::from_secs(10);
/// How often the console hears of the counts.
const REPORT: Duration = Duration::from_secs(1);

/// Asks a [`Daemon`](crate::Daemon) to send documents on to AWS X-Ray. Needs the feature `relay`, which is on by
/// default.
///
/// Credentials and the region are found as every AWS SDK finds them: variables, profile, web identity, container,
/// instance. The permissions needed are `xray:PutTraceSegments`, `xray:GetSamplingRules` and
/// `xray:GetSamplingTargets`.
///
/// ```no_run
/// use xray_daemon::{Daemon, Relay};
///
/// let daemon = Daemon::builder().relay(Relay::auto()).start()?;
/// println!("{}", daemon.wait_for_relay());
/// # Ok::<(), xray_daemon::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Relay {
    required: bool,
}

impl Relay {
    /// Relays if credentials and a region are found. The search takes a few seconds at most; documents that arrive
    /// in the meantime wait.
    pub fn auto() -> Self {
        Self { required: false }
    }

    /// Relays, and the daemon does not start without credentials and a region
    /// ([`Error::is_relay`](crate::Error::is_relay)).
    pub fn on() -> Self {
        Self { required: true }
    }

    pub(crate) const fn is_required(&self) -> bool {
        self.required
    }
}

/// The relay at work. It stops when it is dropped, after sending what it can within ten seconds.
#[derive(Debug)]
pub(crate) struct Running {
    queue: Arc<Queue>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(console: Option<Console>, upstream: UpstreamPlace) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let queue = Arc::new(Queue::new());
        let (stop, stopped) = oneshot::channel();
        let work = {
            let queue = Arc::clone(&queue);
            move || {
                // Also if a bug ends the run: nobody may wait for the search for ever.
                let _ending = Ending { queue: &queue, console: console.as_ref() };
                runtime.block_on(run(&queue, console.as_ref(), &upstream, stopped));
                // A name that is still being resolved holds a thread that cannot be ended.
                runtime.shutdown_background();
            }
        };
        let thread = std::thread::Builder::new().name("xrayd-relay".to_owned()).spawn(work)?;
        Ok(Self { queue, stop: Some(stop), thread: Some(thread) })
    }

    /// Takes a body as it was received. Never waits.
    pub(crate) fn forward(&self) -> Forward {
        let queue = Arc::clone(&self.queue);
        Box::new(move |body| queue.push(body))
    }

    pub(crate) fn stats(&self) -> Option<RelayStats> {
        self.queue.stats()
    }

    pub(crate) fn status(&self) -> RelayStatus {
        self.queue.status()
    }

    pub(crate) fn searched(&self) -> RelayStatus {
        self.queue.searched()
    }

    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn run(
    queue: &Arc<Queue>,
    console: Option<&Console>,
    upstream: &UpstreamPlace,
    stopped: oneshot::Receiver<()>,
) {
    let report = async {
        let mut lost = 0;
        loop {
            tell(queue, console);
            let dropped = queue.stats().map_or(0, |stats| stats.dropped);
            if dropped != lost {
                lost = dropped;
                log::warn!("lost so far: {lost} documents because too many wait for X-Ray");
            }
            tokio::time::sleep(REPORT).await;
        }
    };
    let deadline = async {
        let _ = stopped.await;
        queue.close();
        tokio::time::sleep(FLUSH).await;
    };
    tokio::select! {
        () = relay(queue, upstream) => {}
        () = report => {}
        () = deadline => {}
    }
}

async fn relay(queue: &Arc<Queue>, upstream: &UpstreamPlace) {
    let found = match find::find().await {
        Ok(found) => found,
        Err(reason) => return queue.found(RelayStatus::off(reason)),
    };
    let _ = upstream.set(upstream::upstream(&found.config));
    let xray = XRay::new(&found.config);
    queue.found(found.status);
    let mut calls = JoinSet::new();
    loop {
        while calls.len() >= CALLS {
            calls.join_next().await;
        }
        let Some(batch) = queue.next_batch().await else { break };
        while calls.try_join_next().is_some() {}
        let (xray, queue) = (xray.clone(), Arc::clone(queue));
        calls.spawn(async move { deliver::deliver(&xray, &queue, batch).await });
    }
    while calls.join_next().await.is_some() {}
}

/// The last words of the relay.
struct Ending<'a> {
    queue: &'a Queue,
    console: Option<&'a Console>,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if self.queue.status().state == RelayState::Searching {
            self.queue.found(RelayStatus::off("the search for AWS credentials was cut short"));
        }
        let left = self.queue.give_up();
        if left > 0 {
            log::warn!("stopped with {left} documents that X-Ray has not taken");
        }
        tell(self.queue, self.console);
    }
}

fn tell(queue: &Queue, console: Option<&Console>) {
    let Some(console) = console else { return };
    let (status, stats) = (queue.status(), queue.stats().unwrap_or_default());
    console.relay(RelayReport {
        state: status.state.as_str(),
        region: status.region,
        account: status.account,
        endpoint: status.endpoint,
        reason: status.reason,
        taken: stats.taken,
        sent: stats.sent,
        unprocessed: stats.unprocessed,
        rejected: stats.rejected,
        expired: stats.expired,
        dropped: stats.dropped,
        waiting: stats.waiting,
        retries: stats.retries,
    });
}
