//! Documents arrive, from many senders at once, and the sampling calls are answered.

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

/// The status line and the body of the answer.
fn ask(receiver: &Receiver, request: &str) -> (String, String) {
    let answer = support::ask(receiver.daemon.tcp_addr(), request);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

#[test]
fn sampling_calls_are_told_to_sample_locally() {
    let receiver = Receiver::start();
    for path in ["/GetSamplingRules", "/SamplingTargets"] {
        let request =
            format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{{}}");
        let (status, body) = ask(&receiver, &request);
        assert_eq!(status, "HTTP/1.1 503 Service Unavailable", "{path}");
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert!(body["message"].as_str().unwrap().contains("not served yet"), "{body}");
    }
}

#[test]
fn nothing_else_is_served_on_tcp() {
    let receiver = Receiver::start();
    let cases = [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 Not Found"),
        (
            "POST /TraceSegments HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found",
        ),
        ("GET /GetSamplingRules HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 Method Not Allowed"),
        (
            "POST /GetSamplingRules HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n",
            "HTTP/1.1 413 Payload Too Large",
        ),
        ("\x16\x03\x01 not http\r\n\r\n", "HTTP/1.1 400 Bad Request"),
    ];
    for (request, expected) in cases {
        assert_eq!(ask(&receiver, request).0, expected, "{request:?}");
    }
}
