//! A daemon's socket, a reader of datagrams by the daemon's rules, and a recorder that can be held.

use std::{
    net::UdpSocket,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use serde_json::Value;
use xray_core::{
    Delivery, Recorder,
    document::MAX_DATAGRAM,
    emit::{Emitter, Record, UdpEmitter},
    sample::LocalRules,
    stats::Counters,
};

pub(crate) const SOON: Duration = Duration::from_secs(30);

pub(crate) const HEADER: &str = "{\"format\":\"json\",\"version\":1}";

pub(crate) fn recorder(daemon: &str) -> Recorder {
    Recorder::builder("orders")
        .daemon(daemon)
        .sampling_rules(LocalRules::everything())
        .build()
        .unwrap()
}

pub(crate) fn listener() -> (UdpSocket, String) {
    listener_at("127.0.0.1:0")
}

pub(crate) fn listener_at(address: &str) -> (UdpSocket, String) {
    let socket = UdpSocket::bind(address).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    (socket, address)
}

/// A datagram, taken apart by the rules of the original daemon.
#[derive(Debug)]
pub(crate) struct Datagram {
    /// Bytes of the whole.
    pub(crate) length: usize,
    /// Spaces between the header and its newline.
    pub(crate) padding: usize,
    pub(crate) body: String,
}

impl Datagram {
    /// Split at the first newline; a header of JSON, `format` is "json" in any case, `version` the
    /// integer 1; a body that is not empty and is passed on as it is.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        assert!(bytes.len() <= MAX_DATAGRAM, "{}", bytes.len());
        let newline = bytes.iter().position(|&byte| byte == b'\n').expect("a header line");
        let (line, body) = (&bytes[..newline], &bytes[newline + 1..]);
        let header: Value = serde_json::from_slice(line).expect("a header of JSON");
        let format = header["format"].as_str().expect("a text");
        assert!(format.eq_ignore_ascii_case("json"), "{format}");
        assert_eq!(header["version"].as_i64(), Some(1));
        assert!(!body.is_empty());
        // What is ours alone: nothing but spaces is added to the line that all SDKs send.
        let spaces = line.strip_prefix(HEADER.as_bytes()).expect("our header");
        assert!(spaces.iter().all(|&byte| byte == b' '), "{line:?}");
        let body = String::from_utf8(body.to_vec()).expect("UTF-8");
        Self { length: bytes.len(), padding: spaces.len(), body }
    }

    pub(crate) fn document(&self) -> Value {
        serde_json::from_str(&self.body).expect("a document")
    }
}

pub(crate) fn receive_datagram(socket: &UdpSocket) -> Datagram {
    let mut buffer = vec![0; 65_536];
    let length = socket.recv(&mut buffer).unwrap();
    Datagram::read(&buffer[..length])
}

pub(crate) fn receive(socket: &UdpSocket) -> Value {
    receive_datagram(socket).document()
}

/// So many datagrams, and that there are no more.
pub(crate) fn drain(socket: &UdpSocket, count: u64) -> Vec<Datagram> {
    let datagrams = (0..count).map(|_| receive_datagram(socket)).collect();
    socket.set_nonblocking(true).unwrap();
    let mut buffer = [0; 1];
    assert!(socket.recv(&mut buffer).is_err(), "one more than {count}");
    socket.set_nonblocking(false).unwrap();
    datagrams
}

/// A segment of a number and so many bytes more.
pub(crate) fn one(xray: &Recorder, number: usize, load: usize) {
    let segment = xray.begin_segment("orders");
    segment.annotate("number", number as i64);
    segment.metadata("load", "x".repeat(load));
}

/// Sends by UDP what it is given, once it is let through, and tells what should arrive.
struct Gate {
    udp: UdpEmitter,
    closed: Arc<AtomicBool>,
    entered: Sender<()>,
    go_on: Receiver<()>,
    bodies: Sender<String>,
}

impl Emitter for Gate {
    fn start(&mut self, delivery: Delivery) {
        self.udp.start(delivery);
    }

    fn emit(&mut self, records: &[Record], counters: &Counters) {
        if self.closed.load(Ordering::SeqCst) {
            self.entered.send(()).unwrap();
            self.go_on.recv().unwrap();
        }
        let limit = MAX_DATAGRAM - HEADER.len() - 1;
        for record in records {
            record.write_json(b"", limit, &mut Vec::new(), |body| {
                // Nobody asks any more once the test ends.
                let _ = self.bodies.send(String::from_utf8(body.to_vec()).unwrap());
            });
        }
        self.udp.emit(records, counters);
    }
}

/// A recorder whose worker can be held, so that what is recorded waits and leaves together.
pub(crate) struct Held {
    pub(crate) xray: Recorder,
    closed: Arc<AtomicBool>,
    entered: Receiver<()>,
    go_on: Sender<()>,
    bodies: Receiver<String>,
}

impl Held {
    pub(crate) fn new(daemon: &str) -> Self {
        Self::with(UdpEmitter::new(daemon.parse().unwrap()))
    }

    pub(crate) fn with(udp: UdpEmitter) -> Self {
        let closed = Arc::new(AtomicBool::new(false));
        let (entered, has_entered) = channel();
        let (release, go_on) = channel();
        let (told, bodies) = channel();
        let gate = Gate { udp, closed: Arc::clone(&closed), entered, go_on, bodies: told };
        let builder = Recorder::builder("orders").emitter(gate).delivery(Delivery::Background);
        let xray = builder.sampling_rules(LocalRules::everything()).build().unwrap();
        Self { xray, closed, entered: has_entered, go_on: release, bodies }
    }

    /// Sends one document alone, number 0; what `record` records waits behind it, and leaves together.
    pub(crate) fn together(&self, record: impl FnOnce(&Recorder)) {
        self.closed.store(true, Ordering::SeqCst);
        one(&self.xray, 0, 0);
        self.entered.recv_timeout(SOON).unwrap();
        record(&self.xray);
        self.closed.store(false, Ordering::SeqCst);
        self.go_on.send(()).unwrap();
        assert!(self.xray.flush(SOON));
    }

    /// What was sent so far, in order.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.bodies.try_iter().collect()
    }
}

pub(crate) fn sorted(mut bodies: Vec<String>) -> Vec<String> {
    bodies.sort();
    bodies
}
