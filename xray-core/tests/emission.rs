//! Sending documents together allocates nothing besides what writing them does. A binary of its own,
//! since the allocator that counts is one of the whole process; it counts by thread.

use std::{
    net::UdpSocket,
    sync::mpsc::{Sender, channel},
    time::Duration,
};

use xray_core::{
    Delivery, Recorder,
    document::MAX_DATAGRAM,
    emit::{Emitter, Record, UdpEmitter},
    sample::LocalRules,
    stats::Counters,
};

const SOON: Duration = Duration::from_secs(30);

/// Counts what the worker allocates: records, allocations of writing them, and of sending them.
struct Counting {
    udp: UdpEmitter,
    buffer: Vec<u8>,
    counts: Sender<(usize, u64, u64)>,
}

impl Emitter for Counting {
    fn start(&mut self, delivery: Delivery) {
        self.udp.start(delivery);
    }

    fn emit(&mut self, records: &[Record], counters: &Counters) {
        let written = allocation_counter::measure(|| {
            for record in records {
                record.write_json(b"header\n", MAX_DATAGRAM, &mut self.buffer, |_| ());
            }
        });
        let sent = allocation_counter::measure(|| self.udp.emit(records, counters));
        self.counts.send((records.len(), written.count_total, sent.count_total)).unwrap();
    }
}

#[test]
fn sending_allocates_nothing_for_each_document() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let udp = UdpEmitter::new(socket.local_addr().unwrap().into());
    let (counts, counted) = channel();
    let emitter = Counting { udp, buffer: Vec::new(), counts };
    let builder = Recorder::builder("orders").emitter(emitter).delivery(Delivery::Background);
    let xray = builder.sampling_rules(LocalRules::everything()).build().unwrap();
    let record = || {
        for number in 0..300 {
            let segment = xray.begin_segment("orders");
            segment.annotate("number", number);
            segment.metadata("load", "x".repeat(900 + number as usize % 10));
        }
        assert!(xray.flush(SOON));
        counted.try_iter().collect::<Vec<_>>()
    };
    // Once, so that all buffers are as large as they get.
    record();
    record();
    let counts = record();
    assert!(counts.iter().any(|&(records, ..)| records > 16), "some wait: {counts:?}");
    assert!(counts.iter().all(|&(_, written, sent)| written == sent), "{counts:?}");
    let stats = xray.stats();
    assert_eq!((stats.sent, stats.batched > 300), (900, cfg!(target_os = "linux")));
}
