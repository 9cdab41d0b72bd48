//! More than can be sent: memory stays bounded, nobody waits, and every loss is counted.

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

use xray_core::{
    Delivery, Recorder, Subsegment,
    emit::{Emitter, Record},
    stats::Counters,
};

use crate::support::{SOON, Wire, builder, recorder};

/// Stands still at its first record until it is told to go on.
struct Blocked {
    wire: Wire,
    entered: Option<Sender<()>>,
    go_on: Receiver<()>,
}

impl Emitter for Blocked {
    fn emit(&mut self, records: &[Record], counters: &Counters) {
        if let Some(entered) = self.entered.take() {
            entered.send(()).unwrap();
            self.go_on.recv().unwrap();
        }
        self.wire.emit(records, counters);
    }
}

/// A recorder whose worker stands still; the sender lets it go on.
fn blocked() -> (Recorder, Wire, Sender<()>) {
    let wire = Wire::default();
    let (entered, has_entered) = channel();
    let (release, go_on) = channel();
    let emitter = Blocked { wire: wire.clone(), entered: Some(entered), go_on };
    let xray = builder().emitter(emitter).delivery(Delivery::Background).build().unwrap();
    xray.begin_segment("first").end();
    has_entered.recv_timeout(SOON).unwrap();
    (xray, wire, release)
}

#[test]
fn a_queue_that_is_full_drops_what_is_new_and_counts_it() {
    let (xray, wire, release) = blocked();
    for _ in 0..20_000 {
        xray.begin_segment("next").end();
    }
    let stats = xray.stats();
    assert_eq!(stats.queued + stats.dropped_full, 20_000);
    assert!(stats.dropped_full >= 10_000, "{stats:?}");
    assert!(!xray.flush(Duration::from_millis(10)), "nothing can leave");
    release.send(()).unwrap();
    assert!(xray.flush(SOON));
    let stats = xray.stats();
    assert_eq!(stats.sent + stats.dropped(), 20_001);
    assert_eq!((wire.take().len() as u64, stats.queued), (stats.sent, 0));
}

#[test]
fn few_records_that_are_large_fill_the_queue_as_well() {
    let (xray, wire, release) = blocked();
    let load = "x".repeat(1_000_000);
    for _ in 0..30 {
        let segment = xray.begin_segment("large");
        for key in ["one", "two", "three"] {
            segment.metadata(key, &load);
        }
    }
    let stats = xray.stats();
    // 64 MiB, and the one that passed the mark.
    assert!((21..=23).contains(&stats.queued), "{stats:?}");
    assert_eq!(stats.queued + stats.dropped_full, 30);
    release.send(()).unwrap();
    assert!(xray.flush(SOON));
    assert_eq!(wire.take().len() as u64, stats.queued + 1);
}

#[test]
fn one_record_holds_so_much_and_not_more() {
    let (xray, wire) = recorder();
    let segment = xray.begin_segment("orders");
    let load = "x".repeat(1_000_000);
    for key in 0..12 {
        segment.metadata(&key.to_string(), &load);
    }
    let lost = xray.stats().dropped_record_full;
    assert!((3..6).contains(&lost), "{lost}");
    // The record is nearly full, and yet what is small is recorded.
    segment.annotate("small", true);
    segment.subsegment("step").end();
    segment.end();
    let documents = wire.take();
    let root = documents.last().unwrap();
    assert_eq!(root["annotations"]["small"], true);
    assert_eq!(xray.stats().dropped(), lost);
}

#[test]
fn what_fits_of_a_batch_is_recorded_and_the_rest_is_counted() {
    const MANY: u64 = 2_000;
    let (xray, _wire) = recorder();
    let segment = xray.begin_segment("orders");
    let lost = || xray.stats().dropped_record_full;
    let load = "x".repeat(1_000_000);
    let mut keys = 0..;
    while lost() == 0 {
        segment.metadata(&keys.next().unwrap_or(0).to_string(), &load);
    }
    let before = lost();
    let text = "x".repeat(1_000);
    segment.batch(|batch| {
        (0..MANY).for_each(|number| batch.annotate_mended(&format!("text_{number}"), &*text));
    });
    let lost = lost() - before;
    assert!(0 < lost && lost < MANY, "{lost}");
}

#[test]
fn a_value_that_is_set_again_takes_no_room() {
    let (xray, wire) = recorder();
    let segment = xray.begin_segment("orders");
    let load = "x".repeat(1_000_000);
    for round in 0..12 {
        segment.metadata("progress", (round, &load));
    }
    segment.end();
    assert_eq!(wire.take().len(), 1);
    assert_eq!(xray.stats().dropped(), 0);
}

#[test]
fn segments_that_wait_are_bounded_in_number_and_bytes() {
    let wire = Wire::default();
    let builder = builder().emitter(wire.clone()).delivery(Delivery::Inline);
    let xray = builder.grace(Duration::from_secs(3600)).build().unwrap();
    let hold = |load: &str| -> Subsegment {
        let segment = xray.begin_segment("orders");
        segment.metadata("load", load);
        segment.subsegment("open")
    };
    let open: Vec<Subsegment> = (0..10_100).map(|_| hold("")).collect();
    assert_eq!(xray.stats().left_early, 100);
    drop(open);
    let load = "x".repeat(1_000_000);
    let open: Vec<Subsegment> = (0..75).map(|_| hold(&load)).collect();
    let early = xray.stats().left_early - 100;
    // 64 MiB wait, the others have left.
    assert!((5..15).contains(&early), "{early}");
    drop(open);
    xray.flush(SOON);
    let documents = wire.take();
    let complete = documents.iter().filter(|document| document["name"] == "orders");
    assert_eq!(complete.count(), 10_175);
    assert_eq!(xray.stats().dropped(), 0);
}
