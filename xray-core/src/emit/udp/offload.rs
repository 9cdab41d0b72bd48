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
    /// Prepares a connected socket for it, and both sockets to tell of every failure, of a full queue
    /// of the device as well. `None` where the system knows no such call.
    pub(super) fn new(socket: &UdpSocket, plain: &UdpSocket) -> Option<Self> {
        let target = socket.peer_addr().ok()?;
        let state = UdpSocketState::new(socket.into()).ok()?;
        for socket in [socket, plain] {
            state.enable_transport_errors(socket.into()).ok()?;
        }
        (state.max_gso_segments() > 1).then_some(Self { state, target })
    }

    /// Forgets what the system keeps of failures besides telling them.
    pub(super) fn forget_failures(&self, socket: &UdpSocket) {
        while let Ok(Some(_)) = self.state.recv_transport_error(socket.into()) {}
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
