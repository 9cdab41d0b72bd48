use std::{
    io,
    net::{SocketAddr, UdpSocket},
};

use quinn_udp::{Transmit, UdpSocketState};

/// A socket that sends several datagrams by one system call (`UDP_SEGMENT`, since Linux 4.18).
///
/// A socket of its own: it never cuts datagrams into fragments, which a long document on its own has
/// to rely on.
#[derive(Debug)]
pub(super) struct Offload {
    state: UdpSocketState,
    target: SocketAddr,
}

impl Offload {
    /// Prepares a connected socket for it; `None` where the system cannot.
    pub(super) fn new(socket: &UdpSocket) -> Option<Self> {
        let target = socket.peer_addr().ok()?;
        let state = UdpSocketState::new(socket.into()).ok()?;
        (state.max_gso_segments() > 1).then_some(Self { state, target })
    }

    /// Sends `datagrams`, each of them `segment` bytes long, the last at most.
    pub(super) fn send(
        &self,
        socket: &UdpSocket,
        datagrams: &[u8],
        segment: usize,
    ) -> io::Result<()> {
        let transmit = Transmit {
            destination: self.target,
            ecn: None,
            contents: datagrams,
            segment_size: Some(segment),
            src_ip: None,
        };
        self.state.try_send(socket.into(), &transmit)
    }

    /// Whether an error of [`send`](Self::send) may mean that these datagrams are too long for the
    /// route, or that the device cannot do it.
    pub(super) fn lacks_support(error: &io::Error) -> bool {
        matches!(error.raw_os_error(), Some(libc::EINVAL | libc::EMSGSIZE | libc::EIO))
    }
}
