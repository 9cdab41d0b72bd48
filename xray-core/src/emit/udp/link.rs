use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use super::{batch::Group, offload::Offload};
use crate::stats::{Counters, Drop, add};

/// What one call of the emitter may wait altogether for a network that takes no more.
const PATIENCE: Duration = Duration::from_millis(50);

/// How often it is tried meanwhile.
const TRY_EVERY: Duration = Duration::from_millis(1);

/// How often an error may belong to earlier datagrams, before it is believed to be about this one.
const OLD_ERRORS: usize = 2;

/// Lengths of datagrams in batches: that of IPv4, of jumbo frames, and of Ethernet and bridges, IPv6
/// headers taken off. If one is refused, the next smaller is what is left.
const SEGMENTS: [usize; 3] = [65_507, 8_952, 1_452];

/// A route may have changed, and longer datagrams may do again.
const LONGER_AGAIN: Duration = Duration::from_secs(60);

/// The connected sockets to one address.
#[derive(Debug)]
pub(super) struct Link {
    plain: Way,
    /// `None` where none are wanted, or the system knows none.
    batches: Option<(Way, Offload)>,
    limit: usize,
    limited_until: Option<Instant>,
    patient_until: Option<Instant>,
    failed: bool,
}

/// A socket, and how many documents were sent by it last.
#[derive(Debug)]
struct Way {
    socket: UdpSocket,
    last: usize,
}

impl Link {
    pub(super) fn open(address: &str, batches: bool) -> io::Result<Self> {
        let plain = Way::open(address.to_socket_addrs()?)?;
        let open_batches = || {
            let way = Way::open([plain.socket.peer_addr().ok()?]).ok()?;
            let offload = Offload::new(&way.socket, &plain.socket)?;
            Some((way, offload))
        };
        Ok(Self {
            batches: if batches { open_batches() } else { None },
            plain,
            limit: SEGMENTS[0],
            limited_until: None,
            patient_until: None,
            failed: false,
        })
    }

    /// A call of the emitter begins.
    pub(super) fn begin(&mut self) {
        self.patient_until = None;
        if self.limited_until.is_some_and(|until| Instant::now() >= until) {
            self.limited_until = None;
            self.limit = SEGMENTS[0];
        }
    }

    /// Whether something could not be sent since the link was opened, though the network takes more.
    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }

    /// The longest datagram that may leave in a batch; 0 for no batches.
    pub(super) fn limit(&self) -> usize {
        if self.batches.is_some() { self.limit } else { 0 }
    }

    /// Sends the documents of a group by one system call, or one by one if that is not to be.
    pub(super) fn send(&mut self, group: &Group<'_>, counters: &Counters) {
        let documents = group.documents();
        let (Some((way, offload)), true) = (&mut self.batches, documents > 1) else {
            group.plain().for_each(|datagram| {
                self.send_plain(datagram, counters);
            });
            return;
        };
        let send = |socket: &UdpSocket| {
            let sent = offload.send(socket, group.padded, group.segment);
            if sent.is_err() {
                offload.forget_failures(socket);
            }
            sent
        };
        match way.send(documents, &mut self.patient_until, counters, send) {
            Ok(()) => {
                counters.sent(documents as u64, group.bytes() as u64);
                add(&counters.batched, documents as u64);
            }
            Err(error) => {
                add(&counters.batches_refused, 1);
                let sent = group.plain().filter(|datagram| self.send_plain(datagram, counters));
                let sent = sent.count();
                if sent == documents && Offload::lacks_support(&error) {
                    self.limit_to_less_than(group.segment, &error);
                }
            }
        }
    }

    /// Sends one document on its own, and counts what becomes of it; `true` if it was sent.
    pub(super) fn send_plain(&mut self, datagram: &[u8], counters: &Counters) -> bool {
        let send = |socket: &UdpSocket| {
            let sent = socket.send(datagram).map(drop);
            if let (Err(_), Some((_, offload))) = (&sent, &self.batches) {
                offload.forget_failures(socket);
            }
            sent
        };
        let sent = self.plain.send(1, &mut self.patient_until, counters, send);
        let Err(error) = sent else {
            counters.sent(1, datagram.len() as u64);
            return true;
        };
        let reason = match error.kind() {
            _ if is_busy(&error) => Drop::Busy,
            ErrorKind::PermissionDenied => Drop::Denied,
            _ => Drop::Io,
        };
        self.failed |= reason != Drop::Busy;
        counters.dropped(reason, 1);
        crate::logging::debug!("a document of {} bytes could not be sent: {error}", datagram.len());
        false
    }

    /// The system sends these documents, but not in a batch of this length: it is too long for the
    /// route, or the device has no batches at all.
    fn limit_to_less_than(&mut self, segment: usize, error: &io::Error) {
        self.limit = SEGMENTS.into_iter().find(|&smaller| smaller < segment).unwrap_or(0);
        self.limited_until = Some(Instant::now() + LONGER_AGAIN);
        crate::logging::debug!("no batches of datagrams of {segment} bytes: {error}");
    }
}

impl Way {
    fn open(targets: impl IntoIterator<Item = SocketAddr>) -> io::Result<Self> {
        let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
        for target in targets {
            match connected(target) {
                Ok(socket) => return Ok(Self { socket, last: 0 }),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Sends, again after an error, since one that belongs to what was sent before is told once and
    /// this has not been tried, and for as long as patience lasts while the network is busy.
    fn send(
        &mut self,
        documents: usize,
        patient_until: &mut Option<Instant>,
        counters: &Counters,
        send: impl Fn(&UdpSocket) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut errors = 0;
        loop {
            let Err(error) = send(&self.socket) else {
                self.last = documents;
                return Ok(());
            };
            if is_busy(&error) && waits(patient_until) {
                continue;
            }
            if is_busy(&error) || errors == OLD_ERRORS {
                return Err(error);
            }
            errors += 1;
            if error.kind() == ErrorKind::ConnectionRefused {
                self.refused(counters);
            }
        }
    }

    fn refused(&mut self, counters: &Counters) {
        if counters.snapshot().refused == 0 {
            crate::logging::warning!(
                "nobody listens where the X-Ray daemon should be; what is sent there is lost"
            );
        }
        add(&counters.refused, self.last as u64);
        self.last = 0;
    }
}

/// Never blocks: a network that takes no more is waited for by the clock.
fn connected(target: SocketAddr) -> io::Result<UdpSocket> {
    let local: SocketAddr = match target {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(local)?;
    socket.connect(target)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Waits for a moment; `false` if enough was waited.
fn waits(until: &mut Option<Instant>) -> bool {
    let now = Instant::now();
    let waits = now < *until.get_or_insert(now + PATIENCE);
    if waits {
        thread::sleep(TRY_EVERY);
    }
    waits
}

/// The send buffer is full, or the device's queue is.
fn is_busy(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(libc::ENOBUFS) {
        return true;
    }
    error.kind() == ErrorKind::WouldBlock
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_route_did_not_take_is_tried_again_later() {
        let mut link = Link::open("127.0.0.1:1", true).unwrap();
        let usual = link.limit();
        let error = io::Error::other("too long");
        for (segment, limit) in [(60_000, 8_952), (8_952, 1_452), (1_400, 0)] {
            link.limit_to_less_than(segment, &error);
            assert_eq!(link.limit(), limit.min(usual));
        }
        link.begin();
        assert_eq!(link.limit(), 0, "it is too early");
        link.limited_until = Some(Instant::now());
        link.begin();
        assert_eq!(link.limit(), usual);
    }
}
