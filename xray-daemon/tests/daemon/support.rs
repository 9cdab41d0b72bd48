//! A daemon on free ports, and the datagrams to send to it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use xray_console::Console;
use xray_daemon::{Daemon, DaemonBuilder, Stats};

/// The header line that most SDKs write.
pub(crate) const HEADER: &str = r#"{"format":"json","version":1}"#;

/// Any free loopback port.
pub(crate) const FREE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

const DEADLINE: Duration = Duration::from_secs(30);

/// The text of a small segment.
pub(crate) fn document(name: &str) -> String {
    serde_json::json!({
        "name": name,
        "id": "70de5b6f19ff9a0a",
        "trace_id": "1-581cf771-a006649127e371903a2de979",
        "start_time": 1_478_293_361.271,
        "end_time": 1_478_293_361.449,
    })
    .to_string()
}

/// Header line, newline, body.
pub(crate) fn datagram(body: &str) -> Vec<u8> {
    format!("{HEADER}\n{body}").into_bytes()
}

/// Sends a request as it stands and returns the whole answer.
pub(crate) fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

/// The answer to a plain GET.
pub(crate) fn get(address: SocketAddr, path: &str) -> String {
    ask(address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"))
}

/// Waits for something that happens elsewhere.
pub(crate) fn until(happened: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !happened() {
        assert!(Instant::now() < deadline, "it does not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A daemon, its console, and a socket that sends to it.
pub(crate) struct Receiver {
    pub(crate) daemon: Daemon,
    pub(crate) console: Console,
    sender: UdpSocket,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        Self::started(Daemon::builder())
    }

    /// With further options.
    pub(crate) fn started(builder: DaemonBuilder) -> Self {
        let console = Console::builder().build();
        let daemon = builder.udp(FREE).tcp(FREE).console(console.clone()).start().unwrap();
        Self { daemon, console, sender: UdpSocket::bind(FREE).unwrap() }
    }

    pub(crate) fn send(&self, datagram: &[u8]) {
        self.sender.send_to(datagram, self.daemon.udp_addr()).unwrap();
    }

    /// The counts once so many datagrams have found their fate.
    pub(crate) fn settled(&self, datagrams: u64) -> Stats {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let stats = self.daemon.stats();
            if stats.received >= datagrams && stats.queued == 0 {
                return stats;
            }
            assert!(Instant::now() < deadline, "waiting for {datagrams}: {stats}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
