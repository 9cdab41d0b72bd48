//! What tests of users rely on: a clock and ids that repeat, and trees to compare.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use xray_core::{
    Delivery, Recorder, RecorderBuilder, SamplingRequest, Subsegment,
    sample::LocalRules,
    testing::{MemoryEmitter, TestClock, TestIds, Trees},
};

fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_461_096_053)
}

fn builder(memory: &MemoryEmitter) -> RecorderBuilder {
    Recorder::builder("orders")
        .emitter(memory.clone())
        .delivery(Delivery::Inline)
        .sampling_rules(LocalRules::everything())
}

/// Code as a user may have it.
fn place_order(items: u32) -> Result<u32, std::num::ParseIntError> {
    Subsegment::begin("reserve stock").run(|reserve| reserve.annotate("items", items));
    Subsegment::begin("charge card").run(|charge| {
        let answer = "declined".parse();
        if let Err(error) = &answer {
            charge.record_error(error);
        }
        answer
    })
}

#[test]
fn whole_documents_repeat() {
    let documents = || {
        let memory = MemoryEmitter::new();
        let clock = TestClock::at(start());
        // Without the stack, which differs where the environment asks for stacks.
        let xray = builder(&memory).clock(&clock).ids(&TestIds::new()).stack_frames(0).build();
        let xray = xray.unwrap();
        let segment = xray.begin_segment("orders");
        {
            let _entered = segment.enter();
            clock.advance(Duration::from_millis(125));
            place_order(3).unwrap_err();
        }
        clock.advance(Duration::from_millis(375));
        segment.end();
        memory.take()
    };
    let first = documents();
    assert_eq!(first, documents());
    let trees = Trees::of(&first);
    assert_eq!(trees.to_string(), "orders\n  reserve stock\n  charge card (fault)\n");
    let segment = trees.get("orders");
    assert_eq!(segment["trace_id"], "1-57168e75-000000000000000000000001");
    assert_eq!(segment["id"], "0000000000000002");
    assert_eq!(segment["start_time"], 1_461_096_053.0);
    assert_eq!(segment["end_time"], 1_461_096_053.5);
    let charge = trees.get("orders/charge card");
    assert_eq!(charge["start_time"], 1_461_096_053.125);
    assert_eq!(charge["cause"]["exceptions"][0]["id"], "0000000000000005");
}

#[test]
fn a_clock_that_goes_back_makes_no_negative_duration() {
    let memory = MemoryEmitter::new();
    let clock = TestClock::at(start());
    let xray = builder(&memory).clock(&clock).build().unwrap();
    let segment = xray.begin_segment("orders");
    clock.set(UNIX_EPOCH);
    segment.subsegment("child").end();
    segment.end();
    let trees = Trees::of(&memory.take());
    for path in ["orders", "orders/child"] {
        assert_eq!(trees.get(path)["start_time"], trees.get(path)["end_time"], "{path}");
    }
}

#[test]
fn a_reservoir_fills_with_each_second_of_the_clock() {
    let clock = TestClock::at(start());
    let rules = r#"{"version":2,"default":{"fixed_target":2,"rate":0}}"#.parse().unwrap();
    let memory = MemoryEmitter::new();
    let xray = builder(&memory).sampling_rules(rules).clock(&clock).build().unwrap();
    let sampled = |count| {
        (0..count).filter(|_| xray.sample(&SamplingRequest::default()).is_sampled()).count()
            + usize::from(xray.begin_segment("s").is_sampled())
    };
    assert_eq!(sampled(1), 2, "asking and beginning use up the same two");
    clock.advance(Duration::from_millis(999));
    assert_eq!(sampled(3), 0);
    clock.advance(Duration::from_millis(1));
    assert_eq!(sampled(5), 2);
}

#[test]
fn streamed_parts_stand_in_their_tree() {
    let memory = MemoryEmitter::new();
    let xray = builder(&memory).streaming_threshold(0).build().unwrap();
    let segment = xray.begin_segment("orders");
    let outer = segment.subsegment("outer");
    outer.subsegment("inner").end();
    outer.end();
    segment.end();
    let documents = memory.take();
    assert_eq!(documents.len(), 3);
    assert_eq!(Trees::of(&documents).to_string(), "orders\n  outer\n    inner\n");
}

#[test]
fn a_discarded_segment_never_leaves() {
    let memory = MemoryEmitter::new();
    let xray = builder(&memory).build().unwrap();
    let segment = xray.begin_segment("discarded");
    let waits = segment.subsegment("waits");
    segment.subsegment("ended").end();
    waits.discard_segment();
    assert_eq!(segment.name(), None);
    segment.annotate("late", true);
    segment.end();
    let under = waits.subsegment("under it");
    under.end();
    waits.end();

    let ended = xray.begin_segment("discarded while it waits");
    let child = ended.subsegment("child");
    ended.end();
    child.discard_segment();
    assert!(xray.flush(Duration::from_secs(1)));
    child.end();
    assert!(memory.take().is_empty());
    assert_eq!((xray.stats().discarded, xray.stats().dropped()), (2, 0));
}
