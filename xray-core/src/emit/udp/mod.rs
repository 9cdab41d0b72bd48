mod batch;
mod link;
#[cfg(target_os = "linux")]
mod offload;
#[cfg(not(target_os = "linux"))]
#[path = "no_offload.rs"]
mod offload;
mod pace;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use self::{batch::Batch, link::Link, pace::Pace};
use super::{DaemonAddress, Delivery, Emitter, Record};
use crate::{
    document::MAX_DATAGRAM,
    stats::{Counters, Drop},
};

/// The line that stands before each document.
const HEADER: &[u8] = b"{\"format\":\"json\",\"version\":1}\n";

/// A host name is looked up again after this time, so that a daemon may move.
const RESOLVE_AGAIN: Duration = Duration::from_secs(60);

/// After a failed look-up, bind or send, the next attempt waits this long.
const RETRY: Duration = Duration::from_secs(1);

/// Sends one datagram per document to the X-Ray daemon, Amazon's agent or a collector.
///
/// Documents that wait at the same time leave by one system call where Linux can do that, and not
/// more of them at once than half of a receiver's usual buffer. For that their header lines may end
/// in spaces.
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
    link: Option<Link>,
    /// When the address is looked up again; `None` for a literal address that is connected.
    resolve_at: Option<Instant>,
    /// Whether documents may wait for each other and for the receiver: a worker emits.
    background: bool,
    one_by_one: bool,
    buffer: Vec<u8>,
    batch: Batch,
    pace: Pace,
}

impl UdpEmitter {
    /// An emitter to `address`. Nothing is opened or looked up before the first document.
    #[must_use]
    pub fn new(address: DaemonAddress) -> Self {
        Self {
            address,
            link: None,
            resolve_at: None,
            background: false,
            one_by_one: false,
            buffer: Vec::new(),
            batch: Batch::default(),
            pace: Pace::new(),
        }
    }

    /// Sends each document by a system call of its own, should a network device make a mess of
    /// batches.
    #[must_use]
    pub fn one_by_one(mut self) -> Self {
        self.one_by_one = true;
        self
    }

    /// The connected sockets, opened or renewed where that is due.
    fn connect(&mut self) {
        let now = Instant::now();
        let due = self.resolve_at.map_or(self.link.is_none(), |at| now >= at);
        if !due {
            return;
        }
        let literal = self.address.udp().parse::<SocketAddr>().is_ok();
        match Link::open(self.address.udp(), self.background && !self.one_by_one) {
            Ok(link) => {
                self.link = Some(link);
                self.resolve_at = (!literal).then(|| now + RESOLVE_AGAIN);
            }
            Err(error) => {
                // A socket that worked so far is kept: a name server may be away for a while.
                if self.link.is_none() {
                    crate::logging::error!(
                        "no way to the X-Ray daemon at {}: {error}",
                        self.address.udp()
                    );
                }
                self.resolve_at = Some(now + RETRY);
            }
        }
    }

    /// Sockets that cannot send, since their own address is gone for example, are soon replaced.
    fn renew_failed(&mut self) {
        if self.link.as_ref().is_some_and(Link::has_failed) {
            let soon = Instant::now() + RETRY;
            self.resolve_at = Some(self.resolve_at.map_or(soon, |at| at.min(soon)));
        }
    }
}

impl Emitter for UdpEmitter {
    fn start(&mut self, delivery: Delivery) {
        self.background = delivery == Delivery::Background;
    }

    fn emit(&mut self, records: &[Record], counters: &Counters) {
        self.connect();
        let Some(link) = &mut self.link else {
            counters.dropped(Drop::Unresolved, records.len() as u64);
            return;
        };
        link.begin();
        // What a panic may have left.
        self.batch.clear();
        let (batch, pace) = (&mut self.batch, &mut self.pace);
        for record in records {
            let written = record.write_json(HEADER, MAX_DATAGRAM, &mut self.buffer, |datagram| {
                if self.background {
                    batch.push(record.trace_id(), datagram);
                    if batch.is_full() {
                        send(batch, link, pace, counters);
                    }
                } else {
                    link.send_plain(datagram, counters);
                }
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
        send(batch, link, pace, counters);
        self.renew_failed();
    }
}

fn send(batch: &mut Batch, link: &mut Link, pace: &mut Pace, counters: &Counters) {
    while let Some(group) = batch.next(HEADER.len() - 1, link.limit()) {
        pace.wait(group.documents(), group.bytes(), &counters.waiting);
        link.send(&group, counters);
    }
    batch.clear();
}
