//! The socket of the documents, and the thread that does nothing but read it.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use xray_console::Console;

use crate::batch::Batch;
use crate::handover::Handover;

/// What the kernel is asked to keep while the reader waits for a core: more than a thousand documents of 6 KB.
const RECEIVE_BUFFER: usize = 8 << 20;
/// A buffer that holds what comes during a [`PAUSE`] at any rate, with much to spare.
const ROOMY: usize = 4 << 20;
/// How long documents gather in such a buffer: a wake-up of this thread costs more than a document does.
const PAUSE: Duration = Duration::from_micros(250);
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
pub(crate) fn run(
    socket: &UdpSocket,
    handover: &Handover,
    console: Option<&Console>,
    stop: &AtomicBool,
) {
    let push = |batch: &Batch| {
        // First, so that no datagram is checked before it was received.
        if let Some(console) = console {
            console.received_datagrams(batch.datagrams().len() as u64);
        }
        let dropped = handover.push(batch.datagrams());
        if let Some(console) = console {
            console.dropped_datagrams(dropped);
        }
    };
    let roomy = SockRef::from(socket).recv_buffer_size().is_ok_and(|granted| granted >= ROOMY);
    let mut batch = Batch::new();
    while !stop.load(Ordering::Acquire) {
        match batch.read(socket) {
            Ok(()) => {
                push(&batch);
                if roomy && !batch.is_full() {
                    std::thread::sleep(PAUSE);
                }
            }
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
        while batch.read(socket).is_ok() {
            push(&batch);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_hears_of_every_datagram_and_of_those_given_up() {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let (socket, sender) = (bind(free).unwrap(), UdpSocket::bind(free).unwrap());
        sender.connect(socket.local_addr().unwrap()).unwrap();
        let (handover, console, stop) =
            (Handover::default(), Console::builder().build(), AtomicBool::new(false));
        let total = std::thread::scope(|scope| {
            scope.spawn(|| run(&socket, &handover, Some(&console), &stop));
            let deadline = Instant::now() + Duration::from_secs(60);
            // Nobody empties the hand-over, so it fills.
            let mut sent = 0;
            while handover.stats().dropped < 3 && Instant::now() < deadline {
                sender.send(&[0; 60_000]).unwrap();
                sent += 1;
                // One on the way at a time: the kernel's buffer may be small.
                while handover.stats().received < sent && Instant::now() < deadline {
                    std::thread::yield_now();
                }
            }
            stop.store(true, Ordering::Release);
            sent
        });
        let status = console.status();
        assert_eq!((status.datagrams, status.dropped), (total, 3));
    }
}
