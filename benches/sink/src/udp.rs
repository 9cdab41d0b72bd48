use std::{
    io::{self, IoSliceMut},
    net::{SocketAddr, UdpSocket},
    os::fd::AsRawFd,
    sync::{Arc, atomic::Ordering},
    thread,
};

use nix::sys::socket::{
    MsgFlags, MultiHeaders, SockaddrStorage, getsockopt, recvmmsg, setsockopt,
    sockopt::{RcvBuf, RcvBufForce},
};

use crate::Counts;

/// Documents may come faster than this process is scheduled. The kernel gives less to those that are
/// not root.
const BUFFER: usize = 64 * 1024 * 1024;

/// Datagrams taken at a time, and the most bytes of one.
const BATCH: usize = 64;
const DATAGRAM: usize = 64 * 1024;

/// Counts datagrams on a thread of its own; gives the address, and the size of the kernel's buffer.
/// The socket asks for no offload, so a sender pays for each datagram as it does at Amazon's daemon.
pub(crate) fn listen(counts: &Arc<Counts>) -> io::Result<(SocketAddr, usize)> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    if setsockopt(&socket, RcvBufForce, &BUFFER).is_err() {
        setsockopt(&socket, RcvBuf, &BUFFER)?;
    }
    let (address, buffer) = (socket.local_addr()?, getsockopt(&socket, RcvBuf)?);
    let counts = Arc::clone(counts);
    thread::spawn(move || receive(&socket, &counts));
    Ok((address, buffer))
}

fn receive(socket: &UdpSocket, counts: &Counts) {
    let mut buffers = vec![vec![0; DATAGRAM]; BATCH];
    let mut headers = MultiHeaders::<SockaddrStorage>::preallocate(BATCH, None);
    loop {
        let mut slices: Vec<_> =
            buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
        let flags = MsgFlags::MSG_WAITFORONE;
        let received = recvmmsg(socket.as_raw_fd(), &mut headers, &mut slices, flags, None);
        let sizes = match received {
            Ok(messages) => messages.map(|message| message.bytes as u64),
            Err(nix::Error::EINTR) => continue,
            Err(error) => return eprintln!("bench-sink: no datagrams any more: {error}"),
        };
        let (documents, bytes) = sizes.fold((0, 0), |(count, sum), size| (count + 1, sum + size));
        counts.documents.fetch_add(documents, Ordering::Relaxed);
        counts.document_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}
