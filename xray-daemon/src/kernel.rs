//! How many datagrams the kernel threw away for one socket, from `/proc/net/udp` and `udp6`.

use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Reads the drop counter of one socket. Where there is no `/proc`, it finds nothing.
#[derive(Debug)]
pub(crate) struct KernelDrops {
    table: PathBuf,
    inode: Option<u64>,
    /// What is known once the socket is closed and has left the table.
    last: AtomicU64,
}

impl KernelDrops {
    pub(crate) fn of(socket: &UdpSocket) -> Self {
        let ipv6 = socket.local_addr().is_ok_and(|address| address.is_ipv6());
        let table = if ipv6 { "/proc/net/udp6" } else { "/proc/net/udp" };
        let inode = inode(socket, Path::new("/proc/self/fd"));
        Self { table: table.into(), inode, last: AtomicU64::new(0) }
    }

    /// The count since the socket was made; after it was closed, as last read.
    pub(crate) fn read(&self) -> u64 {
        let read = || drops(&fs::read_to_string(&self.table).ok()?, self.inode?);
        let now = read().unwrap_or(0);
        now.max(self.last.fetch_max(now, Ordering::Relaxed))
    }
}

#[cfg(unix)]
fn inode(socket: &UdpSocket, descriptors: &Path) -> Option<u64> {
    use std::os::fd::AsRawFd;
    let link = fs::read_link(descriptors.join(socket.as_raw_fd().to_string())).ok()?;
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(not(unix))]
fn inode(_socket: &UdpSocket, _descriptors: &Path) -> Option<u64> {
    None
}

/// The last column of the line that has the inode in its tenth.
fn drops(table: &str, inode: u64) -> Option<u64> {
    table.lines().skip(1).find_map(|line| {
        let mut columns = line.split_ascii_whitespace();
        let found = columns.nth(9)?.parse() == Ok(inode);
        found.then(|| columns.next_back()?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  170: 0100007F:07D0 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 25634 2 0000000000000000 0
  171: 0100007F:07D1 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 25635 2 0000000000000000 417
short line
";

    #[test]
    fn finds_the_line_of_the_socket() {
        assert_eq!(drops(TABLE, 25_635), Some(417));
        assert_eq!(drops(TABLE, 25_634), Some(0));
        assert_eq!(drops(TABLE, 1), None);
        assert_eq!(drops("", 1), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn counts_what_a_full_buffer_loses() -> std::io::Result<()> {
        let receiver = UdpSocket::bind("127.0.0.1:0")?;
        socket2::SockRef::from(&receiver).set_recv_buffer_size(4096)?;
        let sender = UdpSocket::bind("127.0.0.1:0")?;
        let drops = KernelDrops::of(&receiver);
        assert_eq!(drops.read(), 0);
        let sent = 64;
        for _ in 0..sent {
            sender.send_to(&[0; 1024], receiver.local_addr()?)?;
        }
        receiver.set_nonblocking(true)?;
        let mut kept = 0;
        while receiver.recv(&mut [0; 1024]).is_ok() {
            kept += 1;
        }
        assert_eq!(kept + drops.read(), sent);
        drop(receiver);
        assert_eq!(kept + drops.read(), sent);
        Ok(())
    }
}
