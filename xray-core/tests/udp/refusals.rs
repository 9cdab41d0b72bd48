//! Nobody listens.

use std::net::UdpSocket;

use xray_core::emit::UdpEmitter;

use crate::support::{Held, SOON, drain, listener, listener_at, one, receive, recorder, sorted};

#[test]
fn without_a_daemon_nothing_fails_and_a_new_daemon_is_fed_again() {
    let (socket, address) = listener();
    let xray = recorder(&address);
    xray.begin_segment("before").end();
    assert_eq!(receive(&socket)["name"], "before");
    drop(socket);
    // The first datagram to a closed port is refused, which the next one learns.
    for _ in 0..5 {
        xray.begin_segment("nobody listens").end();
        assert!(xray.flush(SOON));
    }
    assert!(xray.stats().refused > 0, "{:?}", xray.stats());
    let socket = UdpSocket::bind(&address).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    xray.begin_segment("after").end();
    assert_eq!(receive(&socket)["name"], "after");
}

#[test]
fn refusals_of_batches_are_counted_by_document_and_what_follows_arrives() {
    for one_by_one in [false, true] {
        let (socket, address) = listener();
        drop(socket);
        let udp = UdpEmitter::new(address.parse().unwrap());
        let held = Held::with(if one_by_one { udp.one_by_one() } else { udp });
        held.together(|xray| (1..=100).for_each(|number| one(xray, number, 500)));
        let stats = held.xray.stats();
        assert_eq!((stats.sent, stats.dropped()), (101, 0));
        assert_eq!(stats.batched > 0, !one_by_one && cfg!(target_os = "linux"), "{stats:?}");
        held.bodies();
        // What became of the last datagrams is told when the next ones are sent.
        let (socket, _) = listener_at(&address);
        held.together(|xray| (1..=2).for_each(|number| one(xray, number, 500)));
        let stats = held.xray.stats();
        assert_eq!((stats.sent, stats.refused, stats.dropped()), (104, 101, 0));
        let received = drain(&socket, 3).into_iter().map(|datagram| datagram.body).collect();
        assert_eq!(sorted(received), sorted(held.bodies()));
    }
}
