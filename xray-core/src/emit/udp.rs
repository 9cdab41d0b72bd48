use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket},
    time::{Duration, Instant},
};

use super::{DaemonAddress, Emitter, Record};
use crate::{
    document::MAX_DATAGRAM,
    stats::{Counters, Drop},
};

/// The line that stands before each document.
const HEADER: &[u8] = b"{\"format\":\"json\",\"version\":1}\n";

/// A host name is looked up again after this time, so that a daemon may move.
const RESOLVE_AGAIN: Duration = Duration::from_secs(60);

/// After a failed look-up or bind, the next attempt waits this long.
const RETRY: Duration = Duration::from_secs(1);

/// Sends one datagram per document to the X-Ray daemon, Amazon's agent or a collector.
///
/// ```
/// use xray_core::{Recorder, emit::UdpEmitter};
///
/// let xray = Recorder::builder("orders").emitter(UdpEmitter::new("127.0.0.1:2000".parse()?)).build()?;
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Debug)]
pub struct UdpEmitter {
    address: DaemonAddress,
    socket: Option<UdpSocket>,
    /// When the address is looked up again; `None` for a literal address that is connected.
    resolve_at: Option<Instant>,
    buffer: Vec<u8>,
}

impl UdpEmitter {
    /// An emitter to `address`. Nothing is opened or looked up before the first document.
    #[must_use]
    pub fn new(address: DaemonAddress) -> Self {
        Self { address, socket: None, resolve_at: None, buffer: Vec::new() }
    }

    /// The connected socket, opened or renewed where that is due.
    fn connect(&mut self) {
        let now = Instant::now();
        let due = self.resolve_at.map_or(self.socket.is_none(), |at| now >= at);
        if !due {
            return;
        }
        let literal = self.address.udp().parse::<SocketAddr>().is_ok();
        match open(self.address.udp()) {
            Ok(socket) => {
                self.socket = Some(socket);
                self.resolve_at = (!literal).then(|| now + RESOLVE_AGAIN);
            }
            Err(error) => {
                // A socket that worked so far is kept: a name server may be away for a while.
                if self.socket.is_none() {
                    crate::logging::error!(
                        "no way to the X-Ray daemon at {}: {error}",
                        self.address.udp()
                    );
                }
                self.resolve_at = Some(now + RETRY);
            }
        }
    }
}

impl Emitter for UdpEmitter {
    fn emit(&mut self, records: &[Record], counters: &Counters) {
        self.connect();
        for record in records {
            let Some(socket) = &self.socket else {
                counters.dropped(Drop::Unresolved, 1);
                continue;
            };
            let written = record.write_json(HEADER, MAX_DATAGRAM, &mut self.buffer, |datagram| {
                send(socket, datagram, counters);
            });
            counters.trimmed(written.trimmed);
            if written.oversize > 0 {
                counters.dropped(Drop::Oversize, written.oversize);
                crate::logging::error!(
                    "{} entities of one trace are over {MAX_DATAGRAM} bytes and are dropped",
                    written.oversize
                );
            }
        }
    }
}

fn open(address: &str) -> io::Result<UdpSocket> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for target in address.to_socket_addrs()? {
        let local: SocketAddr = match target {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        match UdpSocket::bind(local).and_then(|socket| socket.connect(target).map(|()| socket)) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn send(socket: &UdpSocket, datagram: &[u8], counters: &Counters) {
    let mut result = socket.send(datagram);
    // A refusal belongs to an earlier datagram and is told once; this one has not been tried yet.
    if matches!(&result, Err(error) if error.kind() == io::ErrorKind::ConnectionRefused) {
        if counters.snapshot().refused == 0 {
            crate::logging::warning!(
                "nobody listens where the X-Ray daemon should be; what is sent there is lost"
            );
        }
        counters.refused();
        result = socket.send(datagram);
    }
    match result {
        Ok(_) => counters.sent(1, datagram.len() as u64),
        Err(error) => {
            counters.dropped(Drop::Io, 1);
            crate::logging::debug!(
                "a document of {} bytes could not be sent: {error}",
                datagram.len()
            );
        }
    }
}
