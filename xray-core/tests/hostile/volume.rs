use std::collections::HashMap;

use rand::seq::SliceRandom;
use serde_json::Value;
use xray_core::{Delivery, Subsegment};

use crate::support::{SOON, Wire, builder, logged, recorder};

const MANY: usize = 10_000;

#[test]
fn ten_thousand_annotations() {
    let (xray, wire) = recorder();
    let segment = xray.begin_segment("orders");
    let step = segment.subsegment("step");
    for key in 0..MANY {
        step.annotate(&format!("key_{key}"), key);
    }
    step.end();
    segment.end();
    let documents = wire.take();
    assert_eq!((&documents[0]["name"], &documents[1]["name"]), (&"step".into(), &"orders".into()));
    // As many as X-Ray indexes.
    assert_eq!(documents[0]["annotations"].as_object().unwrap().len(), 50);
    assert_eq!((xray.stats().trimmed, xray.stats().dropped_oversize), (1, 0));
}

#[test]
fn nothing_is_said_of_what_stands_where_a_name_was() {
    const SECRET: &str = "(s3cret) <value> {of} [an] (annotation)!";
    let wire = Wire::default();
    let xray = builder().emitter(wire.clone()).build().unwrap();
    let segment = xray.begin_segment("orders");
    // The worker takes parts out, and moves together what stays.
    for round in 0..6 {
        let begin = |part| segment.subsegment(&format!("part {part} of {round}"));
        let open: Vec<_> = (0..120).map(begin).collect();
        open.iter().for_each(|part| part.metadata("load", "x".repeat(400)));
        if round == 0 {
            segment.annotate("note", SECRET);
        }
        drop(open);
        assert!(xray.flush(SOON));
    }
    segment.end();
    assert!(xray.flush(SOON));
    let documents = wire.take();
    assert_eq!(documents.last().unwrap()["annotations"]["note"], SECRET);
    let about = |line: &&String| line.contains("s3cret") || line.contains("annotation)");
    assert_eq!(logged().iter().find(about), None);
}

#[test]
fn ten_thousand_metadata_values_are_trimmed() {
    let (xray, wire) = recorder();
    let segment = xray.begin_segment("orders");
    for key in 0..MANY {
        segment.metadata(&format!("{key}"), "x".repeat(if key < 1000 { 60 } else { 20 }));
    }
    segment.end();
    assert_eq!(xray.stats().dropped(), 1, "the keys alone are too many");
    let segment = xray.begin_segment("orders");
    for key in 0..1_000 {
        segment.metadata(&format!("{key}"), "x".repeat(5_000 + key));
    }
    segment.end();
    let document = wire.only();
    let values = document["metadata"]["default"].as_object().unwrap();
    assert_eq!(values.len(), 1_000);
    let kept = values.values().filter(|&value| value != "[truncated]").count();
    assert!((5..12).contains(&kept), "as many as fit, and not {kept}");
    assert_eq!(xray.stats().trimmed, 1);
}

/// How often each entity is in the documents.
fn counts(documents: &[Value]) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    let mut pending: Vec<&Value> = documents.iter().collect();
    while let Some(entity) = pending.pop() {
        assert!(entity.get("in_progress").is_none());
        *counts.entry(entity["id"].as_str().unwrap().to_owned()).or_default() += 1;
        pending.extend(entity["subsegments"].as_array().into_iter().flatten());
    }
    counts
}

#[test]
fn ten_thousand_open_subsegments_end_in_any_order() {
    type Arrange = fn(&mut Vec<Subsegment>);
    let orders: [(&str, Arrange); 3] = [
        ("as they began", |_| {}),
        ("the other way round", |open| open.reverse()),
        ("by chance", |open| open.shuffle(&mut rand::rng())),
    ];
    for (order, arrange) in orders {
        for segment_first in [false, true] {
            for nested in [false, true] {
                let (xray, wire) = recorder();
                let segment = xray.begin_segment("orders");
                let mut open: Vec<Subsegment> = Vec::with_capacity(MANY);
                for index in 0..MANY {
                    // Nested in the one before, ten at a time.
                    let parent = if nested && index % 10 > 0 { open.last() } else { None };
                    let name = index.to_string();
                    let child = parent.map_or_else(
                        || segment.subsegment(&name),
                        |parent| parent.subsegment(&name),
                    );
                    open.push(child);
                }
                arrange(&mut open);
                if segment_first {
                    segment.end();
                    open.into_iter().for_each(Subsegment::end);
                } else {
                    open.into_iter().for_each(Subsegment::end);
                    segment.end();
                }
                let counts = counts(&wire.take());
                assert_eq!(counts.len(), MANY + 1, "{order}");
                assert!(counts.values().all(|&count| count == 1), "{order}");
                assert_eq!(xray.stats().dropped(), 0);
            }
        }
    }
}

#[test]
fn ten_thousand_levels_end_from_the_outside() {
    let (xray, wire) = recorder();
    let segment = xray.begin_segment("orders");
    let mut open = vec![segment.subsegment("0")];
    for level in 1..MANY {
        let next = open[level - 1].subsegment(&level.to_string());
        open.push(next);
    }
    segment.end();
    open.into_iter().for_each(Subsegment::end);
    let counts = counts(&wire.take());
    assert_eq!(counts.len(), MANY + 1);
    assert!(counts.values().all(|&count| count == 1));
}

#[test]
fn more_subsegments_than_a_record_holds_leave_on_their_own() {
    let (xray, wire) = recorder();
    let segment = xray.begin_segment("orders");
    let open: Vec<Subsegment> = (0..70_000).map(|_| segment.subsegment("step")).collect();
    open.into_iter().rev().for_each(Subsegment::end);
    segment.end();
    assert_eq!(counts(&wire.take()).len(), 70_001);
    assert_eq!(xray.stats().dropped(), 0);
}

/// Nothing of those that have left may count as held, with values that are looked at in the record or
/// without.
#[test]
fn a_loop_without_end_does_not_fill_its_segment() {
    let cases = [
        (Delivery::Inline, 20_000, true),
        (Delivery::Background, 20_000, true),
        (Delivery::Background, 70_000, false),
    ];
    for (delivery, turns, metadata) in cases {
        let wire = Wire::default();
        let xray = builder().emitter(wire.clone()).delivery(delivery).build().unwrap();
        let segment = xray.begin_segment("orders");
        for turn in 0..turns {
            let step = segment.subsegment("step");
            step.annotate("turn", turn as i64);
            if metadata && turn % 10 == 0 {
                step.metadata("turn", turn);
            }
            if turn % 1_000 == 0 {
                xray.flush(SOON);
            }
        }
        segment.metadata("turns", turns);
        segment.end();
        assert!(xray.flush(SOON));
        let stats = xray.stats();
        assert_eq!(stats.dropped(), 0, "{delivery:?} {stats:?}");
        let documents = wire.take();
        assert_eq!(documents.last().unwrap()["metadata"]["default"]["turns"], turns);
        assert_eq!(counts(&documents).len(), turns + 1, "{delivery:?}");
    }
}
