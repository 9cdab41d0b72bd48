//! Requests that were not sampled and turned out to matter.

use std::time::{Duration, SystemTime};

use xray_core::{
    Delivery, Entity, Keep, Recorder, TraceHeader, sample::LocalRules, testing::MemoryEmitter,
};

fn recorder(keep: Keep) -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let nothing: LocalRules =
        r#"{"version": 2, "default": {"fixed_target": 0, "rate": 0}}"#.parse().unwrap();
    let xray = Recorder::builder("orders")
        .emitter(memory.clone())
        .delivery(Delivery::Inline)
        .sampling_rules(nothing)
        .streaming_threshold(0)
        .keep(keep)
        .build()
        .unwrap();
    (xray, memory)
}

#[test]
fn a_fault_is_kept_whole_and_what_went_well_is_not() {
    let (xray, memory) = recorder(Keep::at_most(10).faults());
    for status in [200, 404, 503] {
        let segment = xray.begin_segment("orders");
        segment.subsegment("step").annotate("status", status);
        segment.http_response(status);
        segment.end();
    }
    let documents = memory.take();
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0]["http"]["response"]["status"], 503);
    assert_eq!(documents[0]["subsegments"][0]["annotations"]["status"], 503);
    let stats = xray.stats();
    assert_eq!((stats.unsampled, stats.sampled, stats.kept), (3, 0, 1));
}

#[test]
fn slow_and_wanted_segments_are_kept() {
    let keep = Keep::at_most(10)
        .slower_than(Duration::from_secs(1))
        .when(|document| document.user.as_deref() == Some("bob"));
    let (xray, memory) = recorder(keep);
    xray.begin_segment("slow").end_at(SystemTime::now() + Duration::from_secs(2));
    xray.begin_segment("quick").end();
    let wanted = xray.begin_segment("wanted");
    wanted.user("bob");
    wanted.end();
    let names: Vec<_> =
        memory.take().into_iter().map(|document| document["name"].clone()).collect();
    assert_eq!(names, ["slow", "wanted"]);
}

#[test]
fn there_is_a_limit_per_second() {
    let (xray, memory) = recorder(Keep::at_most(0).faults());
    xray.begin_segment("orders").set_fault(true);
    assert!(memory.take().is_empty());
    assert_eq!((xray.stats().kept, xray.stats().kept_capped), (0, 1));
}

#[test]
fn callers_and_callees_are_told_that_it_is_not_sampled() {
    let (xray, _memory) = recorder(Keep::at_most(10).faults());
    let header = TraceHeader::parse("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0");
    let segment = xray.segment("orders").header(header).begin();
    let call = segment.subsegment("call");
    let expected = format!("Root={};Parent={};Sampled=0", segment.trace_id(), call.id());
    assert_eq!(call.trace_header().unwrap().to_string(), expected);
    let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
    assert_eq!(segment.response_header(false).unwrap().to_string(), root);
    assert!(xray.begin_segment("no caller").response_header(false).is_none());
}

#[test]
fn nothing_follows_what_was_thrown_away() {
    let (xray, memory) = recorder(Keep::at_most(10).faults());
    let segment = xray.begin_segment("orders");
    let handle = Entity::clone(&segment);
    let open = segment.subsegment("open");
    segment.end();
    assert!(xray.flush(Duration::from_secs(5)));
    open.end();
    let late = handle.subsegment("late");
    assert!(!late.is_sampled());
    late.end();
    assert!(memory.take().is_empty());
}

#[test]
fn what_is_kept_at_a_flush_leaves_with_its_stragglers() {
    let (xray, memory) = recorder(Keep::at_most(10).faults());
    let segment = xray.begin_segment("orders");
    segment.set_fault(true);
    let open = segment.subsegment("open");
    segment.end();
    assert!(xray.flush(Duration::from_secs(5)));
    assert_eq!(memory.take()[0]["subsegments"][0]["in_progress"], true);
    open.end();
    assert_eq!(memory.take()[0]["name"], "open");
}

#[test]
fn a_predicate_may_touch_the_segment_and_may_panic() {
    let keep = Keep::at_most(10).when(|_| {
        Entity::current().annotate("seen", true);
        panic!("a bug in the predicate")
    });
    let (xray, memory) = recorder(keep);
    let segment = xray.begin_segment("orders");
    let entered = segment.enter();
    segment.end();
    drop(entered);
    assert!(memory.take().is_empty());
    assert_eq!(xray.stats().hook_panics, 1);
}
