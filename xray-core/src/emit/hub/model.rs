//! Every order in which the threads of a segment can meet: whatever it is, each entity leaves once
//! complete, at most once in progress and never so afterwards, and nothing is lost.
//!
//! `cargo xtask test` runs it; by itself it is
//! `RUSTFLAGS="--cfg xray_model" cargo test -p xray-core --lib --target-dir target/model model::`.

use std::{collections::HashMap, sync::Arc, time::Duration};

use shuttle::thread;

use super::lock;
use crate::{
    Delivery, Recorder, SegmentId,
    document::Document,
    emit::{Emitter, Record},
    prelude::*,
    sample::LocalRules,
    stats::Counters,
    sync::Mutex,
};

/// Orders that are tried of each story, at most.
const ORDERS: usize = 4_000;

const HOUR: Duration = Duration::from_secs(3600);

/// What left of one entity, in order: whether it was in progress.
type Left = Arc<Mutex<HashMap<SegmentId, Vec<bool>>>>;

struct Collect(Left);

impl Emitter for Collect {
    fn emit(&mut self, records: &[Record], _: &Counters) {
        for document in records.iter().flat_map(Record::documents) {
            collect(&document, document.in_progress, &mut lock(&self.0));
        }
    }
}

/// What a segment in progress holds, ended or not, leaves again with it.
fn collect(document: &Document<'_>, shown: bool, left: &mut HashMap<SegmentId, Vec<bool>>) {
    left.entry(document.id).or_default().push(shown || document.in_progress);
    document.subsegments.iter().for_each(|child| collect(child, shown, left));
}

/// Tells a story in every order, or in many, with each delivery and with and without streaming.
/// `entities` is how many it begins.
fn in_every_order(entities: usize, story: fn(&Recorder)) {
    for delivery in [Delivery::Inline, Delivery::Background] {
        for streaming_threshold in [0, 100] {
            let check = move || check(entities, story, delivery, streaming_threshold);
            shuttle::check_dfs(check, Some(ORDERS));
            shuttle::check_pct(check, ORDERS / 4, 3);
        }
    }
}

fn check(entities: usize, story: fn(&Recorder), delivery: Delivery, streaming_threshold: usize) {
    let left = Left::default();
    let xray = Recorder::builder("orders")
        .emitter(Collect(Arc::clone(&left)))
        .delivery(delivery)
        .grace(HOUR)
        .in_progress_after(HOUR)
        .streaming_threshold(streaming_threshold)
        .sampling_rules(LocalRules::everything())
        .build()
        .unwrap();
    story(&xray);
    assert!(xray.flush(HOUR));
    let stats = xray.stats();
    assert_eq!((stats.dropped(), stats.queued), (0, 0));
    let left = lock(&left);
    assert_eq!(left.len(), entities, "{left:?}");
    for (id, left) in &*left {
        assert!(matches!(left[..], [false] | [true, false]), "{id} left as {left:?}");
    }
}

/// Runs both at the same time, and waits for them.
fn both(one: impl FnOnce() + Send + 'static, two: impl FnOnce() + Send + 'static) {
    let one = thread::spawn(one);
    two();
    one.join().unwrap();
}

#[test]
fn segment_and_subsegments_end_at_once() {
    in_every_order(4, |xray| {
        let segment = xray.begin_segment("segment");
        let (one, two) = (segment.subsegment("one"), segment.subsegment("two"));
        let inner = one.subsegment("inner");
        let other = thread::spawn(move || drop((one, two)));
        both(move || inner.end(), move || segment.end());
        other.join().unwrap();
    });
}

#[test]
fn a_subsegment_begins_while_its_parent_ends() {
    in_every_order(3, |xray| {
        let segment = xray.begin_segment("segment");
        let open = segment.subsegment("open");
        let handle = Entity::clone(&open);
        both(move || handle.subsegment("late").end(), move || drop((segment, open)));
    });
}

#[test]
fn a_flush_meets_the_last_ends() {
    in_every_order(3, |xray| {
        let segment = xray.begin_segment("segment");
        let outer = segment.subsegment("outer");
        let inner = outer.subsegment("inner");
        let flusher = xray.clone();
        let flushes = thread::spawn(move || assert!(flusher.flush(HOUR)));
        both(move || drop((outer, inner)), move || segment.end());
        flushes.join().unwrap();
    });
}

#[test]
fn stragglers_begin_and_end_after_their_segment_has_left() {
    in_every_order(4, |xray| {
        let segment = xray.begin_segment("segment");
        let outer = segment.subsegment("outer");
        let inner = outer.subsegment("inner");
        segment.end();
        let flusher = xray.clone();
        let flushes = thread::spawn(move || assert!(flusher.flush(HOUR)));
        let handle = Entity::clone(&outer);
        both(move || handle.subsegment("late").end(), move || drop((outer, inner)));
        flushes.join().unwrap();
    });
}

#[test]
fn two_flushes_meet() {
    in_every_order(2, |xray| {
        let segment = xray.begin_segment("segment");
        let step = segment.subsegment("step");
        segment.end();
        let (one, two) = (xray.clone(), xray.clone());
        let flushes = thread::spawn(move || assert!(one.flush(HOUR)));
        both(move || assert!(two.flush(HOUR)), move || step.end());
        flushes.join().unwrap();
    });
}

#[test]
fn a_long_request_is_shown_while_it_ends() {
    in_every_order(2, |xray| {
        let segment = xray.segment("segment").watched().begin();
        let step = segment.subsegment("step");
        let worker = xray.clone();
        both(
            move || worker.hub().shared.running.show_long(Duration::ZERO),
            move || drop((step, segment)),
        );
    });
}
