//! Subsegments that leave before their segment.

use serde_json::Value;
use xray_core::{Delivery, Recorder, Segment, sample::LocalRules, testing::MemoryEmitter};

fn recorder(threshold: usize) -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let xray = Recorder::builder("orders")
        .emitter(memory.clone())
        .delivery(Delivery::Inline)
        .streaming_threshold(threshold)
        .sampling_rules(LocalRules::everything())
        .build()
        .unwrap();
    (xray, memory)
}

fn children(segment: &Segment, names: std::ops::Range<u32>) {
    for name in names {
        segment.subsegment(&name.to_string()).end();
    }
}

fn names(documents: &[Value]) -> Vec<&str> {
    documents.iter().map(|document| document["name"].as_str().unwrap()).collect()
}

#[test]
fn streaming_at_the_edge() {
    let (xray, memory) = recorder(30);
    let segment = xray.begin_segment("root");
    let id = segment.id().to_string();
    let trace_id = segment.trace_id().to_string();
    children(&segment, 0..30);
    assert!(memory.take().is_empty());
    children(&segment, 30..31);
    let streamed = memory.take();
    assert_eq!(streamed.len(), 31);
    for (index, document) in streamed.iter().enumerate() {
        assert_eq!(document["name"], index.to_string());
        assert_eq!(document["type"], "subsegment");
        assert_eq!(document["trace_id"], *trace_id);
        assert_eq!(document["parent_id"], *id);
        assert!(document.get("in_progress").is_none());
    }
    segment.end();
    let rest = memory.take();
    assert_eq!(names(&rest), ["root"]);
    assert!(rest[0].get("subsegments").is_none());
    assert_eq!(xray.stats().streamed, 31);
}

#[test]
fn open_nodes_never_leave() {
    let (xray, memory) = recorder(30);
    let segment = xray.begin_segment("root");
    let outer = segment.subsegment("outer");
    let id = outer.id().to_string();
    for name in 0..40 {
        outer.subsegment(&format!("n{name}")).end();
        assert_eq!(memory.take().len(), if name == 29 { 30 } else { 0 }, "at n{name}");
    }
    outer.end();
    segment.end();
    let rest = memory.take();
    assert_eq!(names(&rest), ["root"]);
    let outer = &rest[0]["subsegments"][0];
    assert_eq!(outer["id"], *id);
    assert_eq!(outer["subsegments"].as_array().unwrap().len(), 10);
}

#[test]
fn threshold_0_sends_each_at_its_end() {
    let (xray, memory) = recorder(0);
    let segment = xray.begin_segment("root");
    let outer = segment.subsegment("outer");
    let inner = outer.subsegment("inner");
    inner.end();
    let sent = memory.take();
    assert_eq!(
        (names(&sent), &sent[0]["parent_id"]),
        (vec!["inner"], &outer.id().to_string().into())
    );
    outer.end();
    let sent = memory.take();
    assert_eq!(names(&sent), ["outer"]);
    assert!(sent[0].get("subsegments").is_none());
    segment.end();
    assert_eq!(names(&memory.take()), ["root"]);
}

#[test]
fn a_subtree_leaves_as_one_and_counts_as_many() {
    let (xray, memory) = recorder(3);
    let segment = xray.begin_segment("root");
    let outer = segment.subsegment("outer");
    let inner = outer.subsegment("inner");
    inner.subsegment("innermost").end();
    inner.end();
    assert!(memory.take().is_empty());
    let other = segment.subsegment("other");
    outer.end();
    let sent = memory.take();
    assert_eq!(names(&sent), ["outer"]);
    assert_eq!(sent[0]["subsegments"][0]["subsegments"][0]["name"], "innermost");
    // One is held now, so two more stay below the threshold.
    children(&segment, 0..2);
    assert!(memory.take().is_empty());
    drop((other, segment));
    assert_eq!(memory.take()[0]["subsegments"].as_array().unwrap().len(), 3);
}

#[test]
fn a_parent_that_has_left_gets_no_further_child_of_its_own() {
    let (xray, memory) = recorder(0);
    let segment = xray.begin_segment("root");
    let outer = segment.subsegment("outer");
    let handle = xray_core::Entity::clone(&outer);
    outer.end();
    handle.annotate("late", 1);
    let taken = memory.take();
    assert!(taken[0].get("annotations").is_none());
    segment.subsegment("takes its slot").end();
    handle.annotate("later", 1);
    handle.subsegment("late child").end();
    let sent = memory.take();
    assert_eq!(names(&sent), ["takes its slot", "late child"]);
    assert!(sent[0].get("annotations").is_none());
    assert_eq!(sent[1]["parent_id"], taken[0]["id"]);
}

#[test]
fn many_bytes_stream_too_and_none_is_missing() {
    let (xray, memory) = recorder(10_000);
    let segment = xray.begin_segment("root");
    for index in 0..400 {
        segment.subsegment(&index.to_string()).metadata("load", "x".repeat(250));
    }
    assert!(memory.take().len() > 100);
    let (xray, memory) = recorder(100);
    let segment = xray.begin_segment("root");
    for index in 0..5_000 {
        let child = segment.subsegment(&index.to_string());
        child.annotate("index", index);
        child.subsegment("inner").end();
    }
    segment.end();
    let mut documents = memory.take();
    let root = documents.pop().unwrap();
    let embedded = root["subsegments"].as_array().unwrap();
    documents.extend_from_slice(embedded);
    let indexes: Vec<i64> =
        documents.iter().filter_map(|document| document["annotations"]["index"].as_i64()).collect();
    assert_eq!(indexes, (0..5_000).collect::<Vec<i64>>());
    let inner = |document: &Value| document["subsegments"].as_array().map_or(0, Vec::len);
    let streamed_alone = documents.iter().filter(|document| document["name"] == "inner").count();
    assert_eq!(documents.iter().map(inner).sum::<usize>() + streamed_alone, 5_000);
    assert_eq!(xray.stats().dropped(), 0);
}

#[test]
fn a_full_queue_keeps_subsegments_inside_and_loses_none() {
    use std::sync::mpsc::{Receiver, channel};
    use xray_core::{
        emit::{Emitter, Record},
        stats::Counters,
    };

    /// Emits nothing before it is told to.
    struct Waits(Receiver<()>, MemoryEmitter);
    impl Emitter for Waits {
        fn emit(&mut self, records: &[Record], counters: &Counters) {
            let _ = self.0.recv();
            self.1.emit(records, counters);
        }
    }
    let (go, waits) = channel();
    let memory = MemoryEmitter::new();
    let xray = Recorder::builder("orders")
        .emitter(Waits(waits, memory.clone()))
        .sampling_rules(LocalRules::everything())
        .build()
        .unwrap();
    let segment = xray.begin_segment("root");
    for child in 0..20_000 {
        segment.subsegment(&child.to_string()).end();
    }
    segment.end();
    drop(go);
    assert!(xray.flush(std::time::Duration::from_secs(60)));
    let documents = memory.take();
    let (roots, streamed): (Vec<_>, Vec<_>) =
        documents.iter().partition(|document| document["name"] == "root");
    assert_eq!(roots.len(), 1);
    let embedded = roots[0]["subsegments"].as_array().unwrap();
    assert_eq!(streamed.len() + embedded.len(), 20_000);
    let stats = xray.stats();
    assert_eq!((stats.dropped(), stats.streamed), (0, streamed.len() as u64));
}
