//! Several datagrams with one call to the kernel, where it has one for that.

use std::io;
use std::net::UdpSocket;

/// The most datagrams of one call.
#[cfg(target_os = "linux")]
const DATAGRAMS: usize = 32;
#[cfg(not(target_os = "linux"))]
const DATAGRAMS: usize = 1;
/// More than the longest UDP payload (65,507 bytes over IPv4), so that no datagram is cut.
const MAX_DATAGRAM: usize = 1 << 16;

/// What one call has read. Offload (`UDP_GRO`) is not asked for: where it is on, the kernel counts a batch that it
/// drops as one datagram.
pub(crate) struct Batch {
    buffers: Vec<Box<[u8]>>,
    lengths: Vec<usize>,
    #[cfg(target_os = "linux")]
    headers: nix::sys::socket::MultiHeaders<()>,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self {
            buffers: (0..DATAGRAMS).map(|_| vec![0; MAX_DATAGRAM].into()).collect(),
            lengths: Vec::with_capacity(DATAGRAMS),
            #[cfg(target_os = "linux")]
            headers: nix::sys::socket::MultiHeaders::preallocate(DATAGRAMS, None),
        }
    }

    /// Waits for a datagram as long as the socket does, and takes those that are there as well.
    #[cfg(target_os = "linux")]
    pub(crate) fn read(&mut self, socket: &UdpSocket) -> io::Result<()> {
        use nix::sys::socket::{MsgFlags, recvmmsg};
        use std::os::fd::AsRawFd;

        self.lengths.clear();
        let mut slices: Vec<_> =
            self.buffers.iter_mut().map(|buffer| [io::IoSliceMut::new(buffer)]).collect();
        let flags = MsgFlags::MSG_WAITFORONE;
        let read = recvmmsg(socket.as_raw_fd(), &mut self.headers, &mut slices, flags, None)?;
        self.lengths.extend(read.map(|datagram| datagram.bytes));
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn read(&mut self, socket: &UdpSocket) -> io::Result<()> {
        self.lengths.clear();
        self.lengths.push(socket.recv(&mut self.buffers[0])?);
        Ok(())
    }

    /// There may be more.
    pub(crate) fn is_full(&self) -> bool {
        self.lengths.len() == DATAGRAMS
    }

    pub(crate) fn datagrams(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.buffers.iter().zip(&self.lengths).map(|(buffer, &length)| &buffer[..length])
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_datagram_is_read_once_whole_and_in_order() -> io::Result<()> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(Duration::from_secs(60)))?;
        let sender = UdpSocket::bind("127.0.0.1:0")?;
        let sent: Vec<Vec<u8>> = (0..50).map(|number| vec![number; usize::from(number)]).collect();
        let longest = vec![7; 65_507];
        for datagram in sent.iter().chain([&longest]) {
            sender.send_to(datagram, socket.local_addr()?)?;
        }
        let (mut batch, mut received, mut calls) = (Batch::new(), Vec::new(), 0);
        while received.len() <= sent.len() {
            batch.read(&socket)?;
            received.extend(batch.datagrams().map(<[u8]>::to_vec));
            calls += 1;
        }
        assert_eq!(received.pop(), Some(longest));
        assert_eq!(received, sent);
        assert_eq!(calls, (sent.len() + 1).div_ceil(DATAGRAMS));
        // And none where there is none.
        socket.set_nonblocking(true)?;
        assert_eq!(batch.read(&socket).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(batch.datagrams().len(), 0);
        Ok(())
    }
}
