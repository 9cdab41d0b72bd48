//! The socket of the documents, and the thread that does nothing but read it.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use crate::handover::Handover;

/// What the kernel is asked to keep while the reader waits for a core: more than a thousand documents of 6 KB.
const RECEIVE_BUFFER: usize = 8 << 20;
/// More than the longest UDP payload (65,507 bytes over IPv4), so that no datagram is cut.
const MAX_DATAGRAM: usize = 1 << 16;
/// How long a stop may go unnoticed.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long a stopping daemon goes on reading what has already arrived.
const LAST_READ: Duration = Duration::from_secs(1);

/// Binds the socket, with as large a receive buffer as the kernel grants.
pub(crate) fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    let granted = socket
        .set_recv_buffer_size(RECEIVE_BUFFER)
        .and_then(|()| socket.recv_buffer_size())
        .unwrap_or(0);
    if granted < RECEIVE_BUFFER {
        log::info!(
            "the kernel grants a receive buffer of {granted} bytes of the {RECEIVE_BUFFER} asked for; \
             raise net.core.rmem_max if bursts are lost"
        );
    }
    socket.bind(&address.into())?;
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(socket.into())
}

/// Reads until it is told to stop, then what has arrived by then.
pub(crate) fn run(socket: &UdpSocket, handover: &Handover, stop: &AtomicBool) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    while !stop.load(Ordering::Acquire) {
        match socket.recv(&mut buffer) {
            Ok(length) => handover.push(&buffer[..length]),
            Err(error) if is_pause(&error) => {}
            Err(error) => {
                log::warn!("cannot read the UDP socket: {error}");
                // An error that repeats at once must not burn a core.
                std::thread::sleep(PATIENCE);
            }
        }
    }
    let deadline = Instant::now() + LAST_READ;
    if socket.set_nonblocking(true).is_ok() {
        while let Ok(length) = socket.recv(&mut buffer) {
            handover.push(&buffer[..length]);
            if Instant::now() > deadline {
                break;
            }
        }
    }
    handover.close();
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
