//! Networks that take no batches, less, or nothing for a while. Each test runs once more as a process
//! with a network of its own, which a loopback device of its own is; what that device does is set with
//! iproute2. Where the system does not allow that the test says so, and tests nothing.

use std::{
    env,
    net::UdpSocket,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use crate::support::{Datagram, Held, drain, listener, listener_at, one, sorted};

/// Set in the process with a network of its own.
const INSIDE: &str = "XRAY_TEST_NETWORK";

/// Runs the story in a network of its own; `name` is that of the test.
fn alone(name: &str, story: fn()) {
    static LEFT_OUT: AtomicUsize = AtomicUsize::new(0);
    if env::var_os(INSIDE).is_some() {
        run("ip link set lo up");
        return story();
    }
    let possible = "ip link set lo up && tc qdisc add dev lo root pfifo";
    let possible = Command::new("unshare").args(["-rn", "sh", "-c", possible]).output();
    if !possible.is_ok_and(|output| output.status.success()) {
        let count = LEFT_OUT.fetch_add(1, Ordering::Relaxed) + 1;
        eprintln!(
            "\nNOT TESTED ({count}): {name}, which needs `unshare -rn` and iproute2's `ip` and `tc`\n"
        );
        return;
    }
    let mut command = Command::new("unshare");
    command.arg("-rn").arg(env::current_exe().unwrap());
    command.args([&format!("network::{name}"), "--exact", "--nocapture"]).env(INSIDE, "1");
    let output = command.output().unwrap();
    let (told, error) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("1 passed"), "{told}\n{error}");
}

#[track_caller]
fn run(line: &str) {
    let mut words = line.split(' ');
    let output = Command::new(words.next().unwrap()).args(words).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// So many documents together, which all arrive whole.
fn all_arrive(held: &Held, socket: &UdpSocket, documents: usize, size: usize) -> Vec<Datagram> {
    held.bodies();
    held.together(|xray| (1..=documents).for_each(|number| one(xray, number, size)));
    let datagrams = drain(socket, documents as u64 + 1);
    let bodies = datagrams.iter().map(|datagram| datagram.body.clone()).collect();
    assert_eq!(sorted(bodies), sorted(held.bodies()));
    datagrams
}

#[test]
fn datagrams_longer_than_the_route_takes_leave_on_their_own() {
    alone("datagrams_longer_than_the_route_takes_leave_on_their_own", || {
        run("ip link set lo mtu 1500");
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let (socket, address) = listener_at(address);
            let held = Held::new(&address);
            // All sizes of one emission: what fits leaves together, what does not is cut by IP.
            all_arrive(&held, &socket, 16, 900);
            let stats = held.xray.stats();
            assert_eq!((stats.batched, stats.batches_refused), (16, 0), "{address}");
            let datagrams = all_arrive(&held, &socket, 16, 3_000);
            assert!(datagrams.iter().all(|datagram| datagram.padding == 0));
            let stats = held.xray.stats();
            assert_eq!((stats.batched, stats.batches_refused), (16, 1), "{address}");
            all_arrive(&held, &socket, 16, 3_000);
            all_arrive(&held, &socket, 2, 20_000);
            all_arrive(&held, &socket, 16, 900);
            // It is remembered, and what is short leaves together as before.
            let stats = held.xray.stats();
            assert_eq!((stats.batched, stats.batches_refused), (32, 1), "{address}");
            assert_eq!((stats.sent, stats.dropped()), (16 * 4 + 2 + 5, 0));
        }
    });
}

/// Sends into a route of this kind, and again when it is gone; returns the counters in between.
fn forbidden(kind: &str) -> xray_core::stats::Stats {
    let (socket, address) = listener();
    let held = Held::new(&address);
    all_arrive(&held, &socket, 16, 900);
    run("ip route del local 127.0.0.1 dev lo table local");
    run(&format!("ip route add {kind} 127.0.0.1 table local"));
    held.together(|xray| (1..=16).for_each(|number| one(xray, number, 900)));
    let between = held.xray.stats();
    assert_eq!((between.sent, between.dropped(), between.batched), (17, 17, 16));
    run(&format!("ip route del {kind} 127.0.0.1 table local"));
    run("ip route add local 127.0.0.1 dev lo table local");
    all_arrive(&held, &socket, 16, 900);
    let after = held.xray.stats();
    assert_eq!((after.sent, after.dropped(), after.batched), (34, 17, 32), "{after:?}");
    between
}

#[test]
fn what_a_firewall_forbids_is_counted_and_sending_goes_on_when_it_allows_it() {
    alone("what_a_firewall_forbids_is_counted_and_sending_goes_on_when_it_allows_it", || {
        assert_eq!(forbidden("prohibit").dropped_denied, 17);
    });
}

#[test]
fn without_a_route_loss_is_counted_and_sending_goes_on_with_a_new_one() {
    alone("without_a_route_loss_is_counted_and_sending_goes_on_with_a_new_one", || {
        // The first is EINVAL to the sender, as if it had no batches; that must not be remembered.
        for kind in ["blackhole", "unreachable", "throw"] {
            assert_eq!(forbidden(kind).dropped_io, 17, "{kind}");
        }
    });
}

#[test]
fn a_full_send_buffer_holds_nobody_up_for_long_and_is_counted() {
    alone("a_full_send_buffer_holds_nobody_up_for_long_and_is_counted", || {
        let (socket, address) = listener();
        let held = Held::new(&address);
        // A kilobyte a second, and room for far more than the socket may have on its way.
        run("tc qdisc add dev lo root tbf rate 8kbit burst 20000 limit 10000000");
        held.together(|xray| (1..=600).for_each(|number| one(xray, number, 900)));
        let stats = held.xray.stats();
        assert!(stats.dropped_busy > 100, "{stats:?}");
        assert_eq!((stats.sent + stats.dropped_busy, stats.dropped()), (601, stats.dropped_busy));
        run("tc qdisc del dev lo root");
        while socket.set_nonblocking(true).is_ok() && socket.recv(&mut [0; 1]).is_ok() {}
        socket.set_nonblocking(false).unwrap();
        all_arrive(&held, &socket, 16, 900);
        assert_eq!(held.xray.stats().dropped(), stats.dropped());
    });
}

#[test]
fn a_full_queue_of_the_device_is_waited_for() {
    alone("a_full_queue_of_the_device_is_waited_for", || {
        let (socket, address) = listener();
        let held = Held::new(&address);
        // Of four calls of 16 documents one passes, and one more is kept for 5 ms.
        run("tc qdisc add dev lo root tbf rate 32mbit burst 40000 limit 30000");
        let reader = thread::spawn(move || drain(&socket, 65));
        held.together(|xray| (1..=64).for_each(|number| one(xray, number, 900)));
        let stats = held.xray.stats();
        assert_eq!((stats.sent, stats.batched, stats.dropped()), (65, 64, 0), "{stats:?}");
        let datagrams = reader.join().unwrap();
        let bodies = datagrams.into_iter().map(|datagram| datagram.body).collect();
        assert_eq!(sorted(bodies), sorted(held.bodies()));
    });
}
