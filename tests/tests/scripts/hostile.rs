//! Scripts too large to keep as files: whatever is recorded, each line is answered, what leaves is
//! valid, and what is lost is counted.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use xray_core::document::{MAX_DATAGRAM, MAX_DEPTH};

use crate::drivers::{Outcome, ours, run};

/// Runs the lines between a recorder and a look at its counters, which come last.
fn play(lines: impl IntoIterator<Item = Value>) -> (Outcome, Value) {
    let before = json!({"op": "configure", "service": "orders", "sampling": false});
    let after = [json!({"op": "flush", "timeout": 20}), json!({"op": "stats"})];
    let lines = std::iter::once(before).chain(lines).chain(after);
    let script: String = lines.map(|line| format!("{line}\n")).collect();
    let mut outcome = run(ours(), script.as_bytes(), &[]);
    let stats = outcome.answers.pop().expect("an answer");
    for answer in &outcome.answers {
        assert_eq!(answer["ok"], true, "{answer}");
    }
    assert!(outcome.longest <= MAX_DATAGRAM, "{} bytes", outcome.longest);
    for document in &outcome.documents {
        assert!(document.get("invalid").is_none(), "{document}");
    }
    (outcome, stats)
}

fn dropped(stats: &Value) -> u64 {
    let reasons = stats["dropped"].as_object().expect("reasons");
    reasons.values().filter_map(Value::as_u64).sum()
}

fn begin() -> Value {
    json!({"op": "begin_segment", "name": "orders"})
}

fn end() -> Value {
    json!({"op": "end_segment"})
}

#[test]
fn texts_of_a_megabyte() {
    let text = "é\u{1b}\"".repeat(262_144);
    for line in [
        json!({"op": "annotate", "key": "k", "value": text}),
        json!({"op": "annotate", "key": text, "value": 1}),
        json!({"op": "metadata", "key": "k", "value": text}),
        json!({"op": "user", "value": text}),
        json!({"op": "origin", "value": text}),
        json!({"op": "sql", "fields": {"sanitized_query": text}}),
        json!({"op": "begin_subsegment", "name": text}),
        json!({"op": "http", "request": {"user_agent": text}}),
        json!({"op": "metadata", "key": text, "value": 1}),
        json!({"op": "aws", "fields": {"operation": text}}),
        json!({"op": "service", "fields": {"name": text}}),
        json!({"op": "exception", "key": "e", "type": text, "message": text}),
    ] {
        let what = line["op"].clone();
        let mut lines = vec![begin(), line];
        if what == "begin_subsegment" {
            lines.push(json!({"op": "end_subsegment"}));
        }
        lines.push(end());
        let (outcome, stats) = play(lines);
        let left = outcome.documents.iter().filter(|document| document["name"] == "orders").count();
        assert!(left == 1 || dropped(&stats) == 1, "{what}: {left} documents, {stats}");
    }
}

#[test]
fn ten_thousand_annotations() {
    let annotate = |n| json!({"op": "annotate", "key": format!("k{n}"), "value": n});
    let few = (0..1_000).map(annotate);
    let (outcome, stats) = play(std::iter::once(begin()).chain(few).chain([end()]));
    assert_eq!(outcome.documents[0]["annotations"].as_object().expect("annotations").len(), 1_000);
    assert_eq!(dropped(&stats), 0);
    // All of them take more than a datagram: those beyond what X-Ray indexes are left out.
    let many = (0..10_000).map(annotate);
    let (outcome, stats) = play(std::iter::once(begin()).chain(many).chain([end()]));
    assert_eq!(outcome.documents[0]["annotations"].as_object().expect("annotations").len(), 50);
    assert_eq!(dropped(&stats), 0);
}

#[test]
fn ten_thousand_open_subsegments() {
    const OPEN: usize = 10_000;
    let subsegment = |n| json!({"op": "begin_subsegment", "name": format!("n{n}")});
    let lines = std::iter::once(begin())
        .chain((0..OPEN).map(subsegment))
        .chain((0..OPEN).map(|_| json!({"op": "end_subsegment"})))
        .chain([end()]);
    let (outcome, stats) = play(lines);
    // All left, each alone or, while the queue was full, inside another; the kernel may lose some.
    let sent = stats["sent"].as_u64().expect("a number") as usize;
    assert_eq!(dropped(&stats), 0);
    assert!((1..=OPEN + 1).contains(&sent), "{sent}");
    let mut pending: Vec<&Value> = outcome.documents.iter().collect();
    let mut entities = 0;
    while let Some(entity) = pending.pop() {
        entities += 1;
        pending.extend(entity["subsegments"].as_array().into_iter().flatten());
    }
    let all_arrived = outcome.documents.len() == sent;
    assert!(entities == OPEN + 1 || (!all_arrived && entities < OPEN + 1), "{entities} of {sent}");
    let ids: BTreeSet<&str> = outcome.documents.iter().filter_map(|d| d["id"].as_str()).collect();
    assert_eq!(ids.len(), outcome.documents.len(), "nothing leaves twice");
}

#[test]
fn a_deep_tree_leaves_at_once() {
    const DEPTH: usize = 99;
    let subsegment = |n| json!({"op": "begin_subsegment", "name": format!("n{n}")});
    let lines = std::iter::once(begin())
        .chain((0..DEPTH).map(subsegment))
        .chain((0..DEPTH).map(|_| json!({"op": "end_subsegment"})))
        .chain([end()]);
    let (outcome, stats) = play(lines);
    assert_eq!(dropped(&stats), 0);
    let mut found = 0;
    for document in &outcome.documents {
        let (mut level, mut depth) = (document, 0);
        loop {
            found += 1;
            depth += 1;
            match &level["subsegments"] {
                Value::Null => break,
                children => level = &children[0],
            }
        }
        assert!(depth <= MAX_DEPTH, "{depth} levels");
    }
    assert_eq!(found, DEPTH + 1);
}

#[test]
fn bytes_that_are_no_text() {
    let script =
        b"{\"op\":\"match\",\"pattern\":\"\xff\",\"text\":\"\"}\n\xc0\n\n{\"op\":\"current\"}";
    let outcome = run(ours(), script, &[]);
    assert_eq!(outcome.answers.len(), 3);
    assert!(outcome.answers[0]["error"].is_string() && outcome.answers[1]["error"].is_string());
    assert_eq!(outcome.answers[2], json!({"kind": null}), "a last line without its end is one");
}
