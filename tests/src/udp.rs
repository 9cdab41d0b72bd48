//! A UDP listener in the daemon's place.

use std::net::{SocketAddr, UdpSocket};
use std::time::Instant;

use serde_json::Value;

use crate::wait::DEADLINE;

/// Listens on a free loopback port and keeps the documents of all datagrams.
#[derive(Debug)]
pub struct UdpListener {
    socket: UdpSocket,
    documents: Vec<Value>,
}

impl UdpListener {
    /// Binds a free port.
    ///
    /// # Panics
    /// When loopback cannot be bound.
    #[must_use]
    pub fn bind() -> Self {
        Self { socket: UdpSocket::bind("127.0.0.1:0").expect("loopback"), documents: Vec::new() }
    }

    /// Where to send to.
    ///
    /// # Panics
    /// Never: the socket is bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("bound")
    }

    /// Receives until the predicate holds for all documents received so far.
    ///
    /// # Panics
    /// When the deadline passes first, or a datagram is no header line and JSON document.
    pub fn collect_until(&mut self, enough: impl Fn(&[Value]) -> bool) -> &[Value] {
        let deadline = Instant::now() + DEADLINE;
        let mut buffer = vec![0; 65_536];
        while !enough(&self.documents) {
            let left = deadline.saturating_duration_since(Instant::now());
            // A zero timeout would mean none at all.
            let received = (!left.is_zero()).then(|| {
                self.socket.set_read_timeout(Some(left)).expect("not zero");
                self.socket.recv(&mut buffer)
            });
            let Some(Ok(length)) = received else {
                panic!("the deadline passed with these documents: {:#?}", self.documents);
            };
            self.documents.push(document(&buffer[..length]));
        }
        &self.documents
    }
}

fn document(datagram: &[u8]) -> Value {
    let text = std::str::from_utf8(datagram).expect("UTF-8");
    let (header, body) = text.split_once('\n').expect("a header line");
    let header: Value = serde_json::from_str(header).expect("a JSON header");
    assert_eq!(header, serde_json::json!({"format": "json", "version": 1}));
    serde_json::from_str(body).expect("a JSON document")
}
