//! 6 to 8: when what leaves.

use serde_json::{Value, json};

use super::{begin, begin_sub, end, end_sub, names, op, play, play_as};

fn threshold_30() -> Value {
    json!({"op": "configure", "service": "orders", "sampling": false, "streaming_threshold": 30})
}

/// `count` subsegments, one after the other.
fn sequence(count: usize) -> Vec<Value> {
    (0..count).flat_map(|index| [begin_sub(&format!("n{index}")), end_sub()]).collect()
}

#[test]
fn streaming_at_the_edge() {
    let flush = [op("flush"), op("stats")];
    let mut lines = vec![begin("root")];
    lines.extend(sequence(30));
    lines.extend(flush.clone());
    lines.extend([begin_sub("n30"), end_sub()]);
    lines.extend(flush);
    lines.push(end());
    let outcome = play_as(&threshold_30(), &[], &lines);
    let sent: Vec<&Value> =
        outcome.answers.iter().filter_map(|answer| answer.get("sent")).collect();
    assert_eq!(sent, [0, 31]);
    let root = &outcome.answers[0];
    let (segment, streamed) = outcome.documents.split_last().expect("documents");
    assert_eq!(streamed.len(), 31);
    for (index, document) in streamed.iter().enumerate() {
        assert_eq!(document["name"], format!("n{index}"));
        assert_eq!(document["type"], "subsegment");
        assert_eq!(document["trace_id"], root["trace_id"]);
        assert_eq!(document["parent_id"], root["id"]);
        assert!(document.get("in_progress").is_none());
    }
    assert_eq!(segment["id"], root["id"]);
    assert!(segment.get("subsegments").is_none());
}

#[test]
fn open_nodes_never_leave() {
    let mut lines = vec![begin("root"), begin_sub("outer")];
    lines.extend(sequence(40));
    lines.extend([op("flush"), op("stats"), end_sub(), end()]);
    let outcome = play_as(&threshold_30(), &[], &lines);
    let outer = &outcome.answers[1]["id"];
    assert_eq!(outcome.answers[83]["sent"], 30);
    let (segment, streamed) = outcome.documents.split_last().expect("documents");
    assert_eq!(streamed.len(), 30);
    assert!(streamed.iter().all(|document| document["parent_id"] == *outer));
    assert_eq!(names(streamed)[29], "n29");
    let held = segment["subsegments"][0]["subsegments"].as_array().expect("subsegments");
    assert_eq!(segment["subsegments"][0]["id"], *outer);
    assert_eq!((held.len(), &held[0]["name"]), (10, &json!("n30")));
}

#[test]
fn close_order() {
    let late = json!({"op": "user", "value": "late"});
    let outcome = play(&[
        begin("p"),
        begin_sub("child"),
        end(),
        // A flush would send what waits for the child.
        op("stats"),
        late,
        end_sub(),
        op("current"),
    ]);
    assert_eq!(outcome.answers[3]["sent"], 0);
    assert_eq!(outcome.answers[6], json!({"kind": null}));
    assert_eq!(outcome.documents.len(), 1);
    let segment = &outcome.documents[0];
    let child = &segment["subsegments"][0];
    assert_eq!([&segment["name"], &child["name"]], ["p", "child"]);
    assert!(segment.get("user").is_none());
    assert!(segment["end_time"].as_f64() <= child["end_time"].as_f64());
}
