//! Documents arrive, from many senders at once.

use std::net::UdpSocket;
use std::thread;

use xray_daemon::{Daemon, Transport};

use crate::support::{self, FREE, Receiver, datagram, document};

fn numbered(sender: u64, number: u64) -> Vec<u8> {
    let id = format!("{:016x}", (sender << 32) + number + 1);
    datagram(&document("orders").replace("70de5b6f19ff9a0a", &id))
}

#[test]
fn documents_of_several_senders_all_arrive() {
    const SENDERS: u64 = 4;
    const EACH: u64 = 40;
    let receiver = Receiver::start();
    let address = receiver.daemon.udp_addr();
    thread::scope(|scope| {
        for sender in 0..SENDERS {
            scope.spawn(move || {
                let socket = UdpSocket::bind(FREE).unwrap();
                for number in 0..EACH {
                    socket.send_to(&numbered(sender, number), address).unwrap();
                }
            });
        }
    });
    let stats = receiver.settled(SENDERS * EACH);
    assert_eq!((stats.accepted, stats.dropped, stats.kernel_drops), (SENDERS * EACH, 0, 0));
    assert_eq!(receiver.console.status().documents as u64, SENDERS * EACH);
}

/// The line that the empty page offers, run as a reader would.
#[cfg(unix)]
#[test]
fn the_shell_line_of_the_empty_page_sends_a_trace() {
    let receiver = Receiver::start();
    let pages = receiver.console.serve(std::net::TcpListener::bind(FREE).unwrap()).unwrap();
    let page = support::get(pages.address(), "/map");
    let (_, line) = page.split_once("<code>env printf").unwrap();
    let (line, _) = line.split_once("</code>").unwrap();
    let line = line.replace("&quot;", "\"").replace("&gt;", ">").replace("&amp;", "&");
    let done =
        std::process::Command::new("bash").args(["-c", &format!("env printf{line}")]).status();
    assert!(done.unwrap().success());
    let stats = receiver.settled(1);
    assert_eq!(stats.accepted, 1, "{stats}");
}

#[test]
fn what_has_arrived_is_counted_when_it_stops() {
    let receiver = Receiver::start();
    for number in 0..50 {
        receiver.send(&numbered(0, number));
    }
    let stats = receiver.daemon.stop();
    assert_eq!((stats.received, stats.accepted, stats.queued), (50, 50, 0));
}

#[test]
fn an_address_in_use_is_named() {
    let receiver = Receiver::start();
    let (udp, tcp) = (receiver.daemon.udp_addr(), receiver.daemon.tcp_addr());
    let error = Daemon::builder().udp(udp).tcp(FREE).start().unwrap_err();
    assert!(error.is_address_in_use());
    assert_eq!(error.transport(), Some(Transport::Udp));
    assert_eq!(error.to_string(), format!("UDP {udp} is in use, probably by another X-Ray daemon"));
    let error = Daemon::builder().udp(FREE).tcp(tcp).start().unwrap_err();
    assert_eq!(error.to_string(), format!("TCP {tcp} is in use, probably by another X-Ray daemon"));
    assert_eq!(error.transport(), Some(Transport::Tcp));
}

#[test]
fn the_ports_are_free_again_when_it_is_dropped() {
    let first = Receiver::start();
    let (udp, tcp) = (first.daemon.udp_addr(), first.daemon.tcp_addr());
    drop(first);
    let again = Daemon::builder().udp(udp).tcp(tcp).start().unwrap();
    assert_eq!((again.udp_addr(), again.tcp_addr()), (udp, tcp));
}

#[test]
fn it_counts_without_a_console() {
    let daemon = Daemon::builder().udp(FREE).tcp(FREE).start().unwrap();
    let socket = UdpSocket::bind(FREE).unwrap();
    socket.send_to(&numbered(0, 0), daemon.udp_addr()).unwrap();
    socket.send_to(b"noise", daemon.udp_addr()).unwrap();
    let stats = daemon.stop();
    assert_eq!((stats.received, stats.accepted, stats.rejected_total()), (2, 1, 1));
}

#[cfg(feature = "relay")]
#[test]
fn nothing_is_relayed_unless_asked() {
    let receiver = Receiver::start();
    receiver.send(&numbered(0, 0));
    assert_eq!(receiver.settled(1).relay, None);
    let status = receiver.daemon.wait_for_relay();
    assert_eq!((status.state, status.reason), (xray_daemon::RelayState::Off, None));
    assert_eq!(receiver.console.status().relay, None);
}
