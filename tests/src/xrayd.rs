//! The daemon and its console inside the test's own process, on free ports.

use std::net::{SocketAddr, TcpListener, UdpSocket};

use serde_json::Value;
use xray_console::{Console, ConsoleServer};
use xray_daemon::{Daemon, Stats};

/// An embedded `xrayd` with its console; both end when it is dropped.
#[derive(Debug)]
pub struct Xrayd {
    daemon: Daemon,
    server: ConsoleServer,
    console: Console,
    socket: UdpSocket,
}

impl Xrayd {
    /// Starts both on free loopback ports.
    ///
    /// # Panics
    /// When loopback cannot be bound.
    #[must_use]
    pub fn start() -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let console = Console::builder().build();
        let daemon = Daemon::builder().udp(free).tcp(free).console(console.clone()).start();
        let daemon = daemon.expect("free ports");
        let listener = TcpListener::bind(free).expect("a free port");
        let server = console.serve(listener).expect("a loopback listener");
        let socket = UdpSocket::bind(free).expect("a free port");
        socket.connect(daemon.udp_addr()).expect("loopback");
        Self { daemon, server, console, socket }
    }

    /// Where documents go.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.daemon.udp_addr()
    }

    /// What the daemon counted so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.daemon.stats()
    }

    /// The console behind the pages.
    #[must_use]
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// Where the pages are, such as `http://127.0.0.1:2001`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Sends one datagram as it is.
    ///
    /// # Panics
    /// When it cannot be sent.
    pub fn send(&self, datagram: &[u8]) {
        self.socket.send(datagram).expect("a datagram that fits");
    }

    /// What the console's own data address says, such as `/api/map`.
    ///
    /// # Panics
    /// When it is no JSON, or its status is an error.
    pub async fn get(&self, path: &str) -> Value {
        let response = client().get(format!("{}{path}", self.url())).send().await;
        let response = response.expect("the console answers");
        response.error_for_status().expect("a good status").json().await.expect("JSON")
    }

    /// The documents of a trace's segments as they were received, in the order of the waterfall.
    ///
    /// # Panics
    /// As [`get`](Self::get).
    pub async fn segments(&self, trace: &str) -> Vec<Value> {
        const SEGMENT: u64 = 1;
        let rows = self.get(&format!("/api/traces/{trace}")).await;
        let mut documents = Vec::new();
        for (row, key) in rows["key"].as_array().expect("rows").iter().enumerate() {
            if rows["flags"][row].as_u64().is_some_and(|flags| flags & SEGMENT != 0) {
                let key = key.as_str().expect("an id");
                let span = self.get(&format!("/api/traces/{trace}/spans/{key}")).await;
                let raw = span["detail"]["raw"].as_str().expect("text");
                documents.push(serde_json::from_str(raw).expect("a JSON document"));
            }
        }
        documents
    }
}

/// An HTTP client that goes where it is told, whatever proxy the environment names.
///
/// # Panics
/// Never: it has no options that can fail.
#[must_use]
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("no options that can fail")
}
