use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use xray_core::sample::SamplingStatus;

use crate::document::Document;
use crate::graph::ServiceGraph;
use crate::rejection::Rejection;
use crate::sampling::{SamplingService, Voices};
use crate::server::{self, ConsoleServer};
use crate::status::{Counters, OtherKind, RelayReport, Status};
use crate::store::{Shelf, TraceSummary, Window};

/// Keeps the traces of this machine and shows them. A cheap clone; every clone is the same console.
///
/// ```
/// use xray_console::{Console, Document, Window};
///
/// let console = Console::builder().max_bytes(64 << 20).build();
/// console.receive(Document::parse(
///     br#"{"name":"orders","id":"70de5b6f19ff9a0a","trace_id":"1-581cf771-a006649127e371903a2de979",
///          "start_time":1478293361.271,"end_time":1478293361.449}"#,
/// )?);
/// let graph = console.graph(Window::All);
/// assert!(graph.nodes.iter().any(|node| node.name == "orders"));
/// # Ok::<(), xray_console::Rejection>(())
/// ```
#[derive(Clone, Debug)]
pub struct Console {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    shelf: Shelf,
    counters: Counters,
    voices: Voices,
    allowed_hosts: Vec<String>,
}

impl Console {
    /// A console with its options still open.
    pub fn builder() -> ConsoleBuilder {
        ConsoleBuilder { max_bytes: ConsoleBuilder::DEFAULT_BYTES, allowed_hosts: Vec::new() }
    }

    /// Takes a document. Never waits for the pages: while they read, documents queue in a bounded inbox.
    pub fn receive(&self, document: Document) {
        self.shared.counters.accepted.fetch_add(1, Ordering::Relaxed);
        if !self.shared.shelf.put(document) {
            self.shared.counters.overflowed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a refused body and keeps the start of it for the status page.
    pub fn rejected(&self, reason: Rejection, body: &[u8]) {
        self.shared.counters.rejected(reason, body);
    }

    /// Counts a body that is no X-Ray document, yet known.
    pub fn other_kind(&self, kind: OtherKind) {
        self.shared.counters.other_kind(kind);
    }

    /// Counts datagrams, whatever they hold.
    pub fn received_datagrams(&self, count: u64) {
        self.shared.counters.datagrams.fetch_add(count, Ordering::Relaxed);
    }

    /// Counts datagrams that were received, and given up before they could be checked.
    pub fn dropped_datagrams(&self, count: u64) {
        self.shared.counters.dropped.fetch_add(count, Ordering::Relaxed);
    }

    /// Says how many datagrams the kernel has dropped since the start.
    pub fn kernel_drops(&self, total: u64) {
        self.shared.counters.kernel_drops(total);
    }

    /// Tells the pages how the relay to X-Ray stands.
    pub fn relay(&self, report: RelayReport) {
        self.shared.counters.relay(report);
    }

    /// Tells the pages what listens where, such as `"X-Ray segments (UDP)"` at `"127.0.0.1:2000"`.
    pub fn listening(&self, what: &str, address: SocketAddr) {
        self.shared.counters.listening(what, &address.to_string());
    }

    /// Shows how this service answers sampling calls.
    pub fn sampling(&self, service: Arc<dyn SamplingService>) {
        self.shared.voices.set_service(service);
    }

    /// Shows how a recorder of this process decides; a recorder of the same name takes its place.
    ///
    /// The console asks whenever a page or its data is asked for.
    pub fn recorder(
        &self,
        name: impl Into<String>,
        status: impl Fn() -> SamplingStatus + Send + Sync + 'static,
    ) {
        self.shared.voices.add_recorder(name.into(), Arc::new(status));
    }

    /// What was received and what is kept, at this moment.
    #[must_use]
    pub fn status(&self) -> Status {
        let mut status = self.shared.counters.snapshot();
        self.shared.shelf.read(|store| store.fill(&mut status));
        status
    }

    /// The service graph of the traces kept, of those that ended within the window.
    #[must_use]
    pub fn graph(&self, window: Window) -> ServiceGraph {
        self.shared.shelf.read(|store| store.graph(window))
    }

    /// The latest traces, newest first.
    #[must_use]
    pub fn traces(&self, limit: usize) -> Vec<TraceSummary> {
        self.shared.shelf.read(|store| store.latest(limit))
    }

    /// Serves the pages on a thread of their own until the guard is dropped.
    ///
    /// # Errors
    /// The listener is not bound to a loopback address, or the thread or its reactor cannot be started.
    pub fn serve(&self, listener: TcpListener) -> io::Result<ConsoleServer> {
        server::serve(self.clone(), listener)
    }

    /// Grows with everything that any page shows.
    pub(crate) fn activity(&self) -> u64 {
        self.shared.shelf.read(|store| store.revision())
            + self.shared.counters.activity()
            + self.shared.voices.activity()
    }

    pub(crate) fn shelf(&self) -> &Shelf {
        &self.shared.shelf
    }

    pub(crate) fn voices(&self) -> &Voices {
        &self.shared.voices
    }

    pub(crate) fn allowed_hosts(&self) -> &[String] {
        &self.shared.allowed_hosts
    }
}

/// Options of a [`Console`].
#[derive(Debug)]
#[must_use]
pub struct ConsoleBuilder {
    max_bytes: usize,
    allowed_hosts: Vec<String>,
}

impl ConsoleBuilder {
    /// What traces may hold unless said otherwise: 256 MiB.
    pub const DEFAULT_BYTES: usize = 256 << 20;

    /// The most bytes that traces may hold. The oldest trace leaves first.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Answers requests under this `Host` too, beside `localhost`, `127.0.0.1` and `[::1]`. Without a port.
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.allowed_hosts.push(host.into());
        self
    }

    /// The console.
    #[must_use]
    pub fn build(self) -> Console {
        let shared = Shared {
            shelf: Shelf::new(self.max_bytes),
            counters: Counters::default(),
            voices: Voices::default(),
            allowed_hosts: self.allowed_hosts,
        };
        Console { shared: Arc::new(shared) }
    }
}
