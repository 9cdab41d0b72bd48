//! Documents that wait at the same time leave together, whole and in the order of their trace.

use std::thread;

use xray_core::{Delivery, Recorder, TraceHeader, emit::UdpEmitter, sample::LocalRules};

use crate::support::{Datagram, Held, SOON, drain, listener, listener_at, one, recorder, sorted};

const BATCHES: bool = cfg!(target_os = "linux");

fn bodies(datagrams: Vec<Datagram>) -> Vec<String> {
    datagrams.into_iter().map(|datagram| datagram.body).collect()
}

#[test]
fn what_waits_leaves_together_and_arrives_byte_for_byte() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let (socket, address) = listener_at(address);
        let held = Held::new(&address);
        held.together(|xray| (1..=64).for_each(|number| one(xray, number, number * 3)));
        let datagrams = drain(&socket, 65);
        let stats = held.xray.stats();
        assert_eq!((stats.sent, stats.dropped(), stats.batches_refused), (65, 0, 0));
        let bytes: usize = datagrams.iter().map(|datagram| datagram.length).sum();
        assert_eq!(stats.sent_bytes, bytes as u64);
        // The first was alone.
        assert_eq!(datagrams[0].padding, 0);
        assert_eq!(stats.batched, if BATCHES { 64 } else { 0 });
        assert_eq!(datagrams.iter().any(|datagram| datagram.padding > 0), BATCHES);
        assert_eq!(bodies(datagrams), held.bodies(), "in order where they are alike");
    }
}

#[test]
fn padding_stays_small_among_documents_of_all_sizes() {
    let (socket, address) = listener();
    let held = Held::new(&address);
    let rounds: [&[usize]; 5] =
        [&[0, 900, 150], &[40_000, 300], &[64_000], &[3_000, 20_000, 9_000], &[31_000, 2_500]];
    let mut sent = 0;
    for sizes in rounds {
        held.together(|xray| {
            for (place, size) in sizes.iter().chain(sizes).enumerate() {
                one(xray, place + 1, size + place);
            }
        });
        let count = 2 * sizes.len() as u64 + 1;
        sent += count;
        let datagrams = drain(&socket, count);
        for datagram in &datagrams {
            assert!(datagram.padding <= datagram.length / 4, "{}", datagram.padding);
        }
        assert_eq!(sorted(bodies(datagrams)), sorted(held.bodies()));
    }
    let stats = held.xray.stats();
    assert_eq!((stats.sent, stats.dropped(), stats.batches_refused), (sent, 0, 0));
    // No two of 40,000 or 64,000 bytes fit into one call, and the first of each round is alone.
    assert_eq!(stats.batched, if BATCHES { sent - 9 } else { 0 }, "{stats:?}");
}

#[test]
fn documents_of_one_trace_keep_their_order() {
    let (socket, address) = listener();
    let held = Held::new(&address);
    let traces = ["1-5759e988-bd862e3fe1be46a994272793", "1-5759e988-bd862e3fe1be46a994272794"];
    held.together(|xray| {
        for step in 0..30 {
            for (place, trace) in traces.iter().enumerate() {
                let header = TraceHeader::parse(&format!("Root={trace};Sampled=1"));
                let segment = xray.segment("orders").header(header).begin();
                segment.annotate("step", step as i64);
                let size = [10, 3_000, 700, 20][(step * step + place) % 4];
                segment.metadata("load", "x".repeat(size));
            }
        }
    });
    let datagrams = drain(&socket, 61);
    let documents: Vec<_> = datagrams.iter().map(Datagram::document).collect();
    for trace in traces {
        let of_trace = documents.iter().filter(|document| document["trace_id"] == trace);
        let steps: Vec<_> =
            of_trace.map(|document| document["annotations"]["step"].as_u64()).collect();
        assert_eq!(steps, (0..30).map(Some).collect::<Vec<_>>());
    }
    assert_eq!(held.xray.stats().batched > 0, BATCHES, "{:?}", held.xray.stats());
}

#[test]
fn a_document_alone_is_sent_as_it_is() {
    let (socket, address) = listener();
    let xray = recorder(&address);
    for number in 0..3 {
        one(&xray, number, 500);
        assert!(xray.flush(SOON));
    }
    assert!(drain(&socket, 3).iter().all(|datagram| datagram.padding == 0));
    assert_eq!((xray.stats().sent, xray.stats().batched), (3, 0));
}

#[test]
fn the_thread_of_the_request_sends_one_by_one() {
    let (socket, address) = listener();
    let xray = Recorder::builder("orders")
        .daemon(&*address)
        .sampling_rules(LocalRules::everything())
        .delivery(Delivery::Inline)
        .build()
        .unwrap();
    let segment = xray.begin_segment("orders");
    for part in 0..3 {
        segment.subsegment("part").metadata("load", "x".repeat(29_000 + part));
    }
    segment.end();
    let stats = xray.stats();
    assert!(stats.sent > 1, "{stats:?}");
    assert_eq!((stats.batched, stats.dropped()), (0, 0));
    assert!(drain(&socket, stats.sent).iter().all(|datagram| datagram.padding == 0));
}

#[test]
fn without_batches_each_document_is_sent_as_it_is() {
    let (socket, address) = listener();
    let held = Held::with(UdpEmitter::new(address.parse().unwrap()).one_by_one());
    held.together(|xray| (1..=40).for_each(|number| one(xray, number, 10 * number)));
    let datagrams = drain(&socket, 41);
    assert!(datagrams.iter().all(|datagram| datagram.padding == 0));
    assert_eq!(bodies(datagrams), held.bodies());
    let stats = held.xray.stats();
    assert_eq!((stats.sent, stats.batched, stats.dropped()), (41, 0, 0));
}

/// More than the queue holds, while the receiver reads as it can.
#[test]
fn producers_faster_than_the_wire_lose_what_is_counted_and_nothing_else() {
    const EACH: usize = 30_000;
    let (socket, address) = listener();
    let xray = recorder(&address);
    let most = thread::scope(|scope| {
        for _ in 0..4 {
            let xray = xray.clone();
            scope.spawn(move || (0..EACH).for_each(|number| one(&xray, number, 1_000)));
        }
        let mut most = 0;
        while xray.stats().sampled < 4 * EACH as u64 {
            most = most.max(xray.stats().queued);
            thread::yield_now();
        }
        most
    });
    // The queue, what the worker has in hand, and one of each thread.
    assert!(most <= 8_192 + 64 + 4, "{most}");
    assert!(xray.flush(SOON));
    let stats = xray.stats();
    assert_eq!(stats.sent + stats.dropped_full, 4 * EACH as u64, "{stats:?}");
    assert_eq!((stats.dropped(), stats.queued), (stats.dropped_full, 0));
    assert_eq!(stats.sent > 0 && stats.batched > 0, BATCHES);
    // What found room in the receiver's buffer is whole.
    socket.set_nonblocking(true).unwrap();
    let mut buffer = vec![0; 65_536];
    while let Ok(length) = socket.recv(&mut buffer) {
        Datagram::read(&buffer[..length]).document();
    }
}
