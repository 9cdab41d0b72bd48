//! The road to the daemon, over real sockets.

mod batches;
#[cfg(target_os = "linux")]
mod network;
mod refusals;
mod support;

use std::net::UdpSocket;

use crate::support::{SOON, listener, receive, recorder};

#[test]
fn one_datagram_per_segment() {
    let (socket, address) = listener();
    let xray = recorder(&address);
    xray.begin_segment("one").end();
    xray.begin_segment("two").end();
    assert_eq!(receive(&socket)["name"], "one");
    assert_eq!(receive(&socket)["name"], "two");
    assert!(xray.flush(SOON));
    let stats = xray.stats();
    assert_eq!((stats.sent, stats.dropped(), stats.queued), (2, 0, 0));
}

#[test]
fn a_daemon_by_name_and_by_ipv6() {
    let (socket, address) = listener();
    let port = address.rsplit_once(':').unwrap().1;
    recorder(&format!("localhost:{port}")).begin_segment("by name").end();
    // `localhost` may mean ::1 first, where nobody listens.
    if std::net::ToSocketAddrs::to_socket_addrs("localhost:1").unwrap().next().unwrap().is_ipv4() {
        assert_eq!(receive(&socket)["name"], "by name");
    }
    let socket = UdpSocket::bind("[::1]:0").unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    recorder(&socket.local_addr().unwrap().to_string()).begin_segment("by ipv6").end();
    assert_eq!(receive(&socket)["name"], "by ipv6");
}

#[test]
fn oversize() {
    let (socket, address) = listener();
    let xray = recorder(&address);
    let segment = xray.begin_segment("big");
    for part in 0..3 {
        segment.subsegment(&part.to_string()).metadata("load", "x".repeat(30_000));
    }
    let id = segment.id().to_string();
    segment.end();
    // Two parts leave by streaming, the third fits into its segment.
    for part in 0..2 {
        let document = receive(&socket);
        assert_eq!(document["name"], part.to_string());
        assert_eq!(
            (&document["type"], &document["parent_id"]),
            (&"subsegment".into(), &id.clone().into())
        );
    }
    let document = receive(&socket);
    assert_eq!((&document["id"], &document["subsegments"][0]["name"]), (&id.into(), &"2".into()));
    assert_eq!(xray.stats().dropped(), 0);
}

#[test]
fn a_segment_and_its_part_that_only_together_are_too_big_are_split() {
    let (socket, address) = listener();
    let xray = recorder(&address);
    let segment = xray.begin_segment("big");
    let part = segment.subsegment("part");
    part.metadata("load", "x".repeat(40_000));
    segment.metadata("load", "x".repeat(40_000));
    let id = segment.id().to_string();
    segment.end();
    part.end();
    let part = receive(&socket);
    assert_eq!((&part["name"], &part["parent_id"]), (&"part".into(), &id.clone().into()));
    let document = receive(&socket);
    assert_eq!(document["id"], *id);
    assert!(document.get("subsegments").is_none());
    assert_eq!(xray.stats().dropped(), 0);
}

#[test]
fn what_no_split_makes_small_is_trimmed_largest_first() {
    let (socket, address) = listener();
    let xray = recorder(&address);
    let segment = xray.begin_segment("huge");
    segment.metadata("small", "x".repeat(1_000));
    segment.metadata("large", "x".repeat(70_000));
    segment.end();
    let document = receive(&socket);
    assert_eq!(document["metadata"]["default"]["large"], "[truncated]");
    assert_eq!(document["metadata"]["default"]["small"], "x".repeat(1_000));
    assert!(xray.flush(SOON));
    let stats = xray.stats();
    assert_eq!((stats.sent, stats.trimmed, stats.dropped()), (1, 1, 0));
}

#[test]
fn what_no_trimming_makes_small_is_dropped_and_counted() {
    let (socket, address) = listener();
    let xray = recorder(&address);
    let segment = xray.begin_segment("annotated");
    // The keys alone are too many.
    for key in 0..10_000 {
        segment.metadata(&format!("key_{key}"), "x");
    }
    segment.end();
    xray.begin_segment("next").end();
    assert_eq!(receive(&socket)["name"], "next");
    assert!(xray.flush(SOON));
    let stats = xray.stats();
    assert_eq!((stats.sent, stats.dropped_oversize), (1, 1));
}

#[test]
fn a_name_without_an_address_is_counted() {
    // A label of 64 characters is no name, so nobody is asked.
    let xray = recorder(&format!("{}:2000", "x".repeat(64)));
    xray.begin_segment("lost").end();
    assert!(xray.flush(SOON));
    assert_eq!(xray.stats().dropped_unresolved, 1);
}
