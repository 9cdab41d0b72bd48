//! 1, 9, 10, 13 and the bonus: what is recorded.

use serde_json::{Value, json};
use xray_core::document::MAX_DATAGRAM;

use super::{begin, begin_sub, end, end_sub, op, play};

#[test]
fn name_set() {
    let name = "a?b;c*d(e)f!g$h~i^j<k>l|m{n}[o]";
    let outcome = play(&[begin(name), end(), begin(name), end(), begin(&"é".repeat(250)), end()]);
    let names = super::names(&outcome.documents);
    assert_eq!(names, ["abcdefghijklmno", "abcdefghijklmno", &"é".repeat(200)]);
    let warnings = outcome.log.lines().filter(|line| line.contains("abcdefghijklmno"));
    assert_eq!(warnings.count(), 1, "{}", outcome.log);
}

#[test]
fn exception_bubbling() {
    let error = json!({"op": "exception", "key": "e", "type": "IoError", "message": "disk full"});
    let outcome = play(&[
        begin("segment"),
        begin_sub("outer"),
        begin_sub("inner"),
        error.clone(),
        end_sub(),
        error.clone(),
        end_sub(),
        error,
        end(),
    ]);
    let segment = &outcome.documents[0];
    let outer = &segment["subsegments"][0];
    let inner = &outer["subsegments"][0];
    let id = &inner["cause"]["exceptions"][0]["id"];
    assert!(id.is_string(), "{inner}");
    assert_eq!([&outer["cause"], &segment["cause"]], [id, id]);
    assert_eq!([&segment["fault"], &outer["fault"], &inner["fault"]], [true; 3]);
}

#[test]
fn status_map() {
    for (status, flags, recorded) in [
        (json!(429), "error throttle", 429),
        (json!(404), "error", 404),
        (json!(503), "fault", 503),
        (json!(302), "", 302),
        (json!("429"), "error throttle", 429),
    ] {
        let outcome = play(&[begin("s"), json!({"op": "status", "status": status}), end()]);
        let document = &outcome.documents[0];
        let set = |flag: &&str| document[*flag] == true;
        let set: Vec<&str> = ["error", "throttle", "fault"].into_iter().filter(set).collect();
        assert_eq!(set.join(" "), flags, "{status}");
        assert_eq!(document["http"]["response"]["status"], recorded);
    }
}

#[test]
fn oversize() {
    let mut lines = vec![begin("root")];
    for name in ["one", "two", "three"] {
        let text = json!({"op": "metadata", "key": "text", "value": "x".repeat(30_000)});
        lines.extend([begin_sub(name), text, end_sub()]);
    }
    lines.push(end());
    let outcome = play(&lines);
    assert!((3..=4).contains(&outcome.documents.len()), "{}", outcome.documents.len());
    assert!(outcome.longest <= MAX_DATAGRAM);
    assert_eq!(outcome.documents.last().expect("some")["name"], "root");
    let mut arrived = Vec::new();
    for document in &outcome.documents {
        let embedded = document["subsegments"].as_array().into_iter().flatten();
        arrived.extend(embedded.chain([document]).map(whole));
    }
    arrived.sort_unstable();
    assert_eq!(arrived, [("one", 30_000), ("root", 0), ("three", 30_000), ("two", 30_000)]);
    assert!(outcome.log.is_empty(), "{}", outcome.log);

    let value = "x".repeat(70_000);
    let large = json!({"op": "metadata", "key": "large", "value": value});
    let small = json!({"op": "metadata", "key": "small", "value": "kept"});
    let outcome = play(&[begin("root"), large, small, end()]);
    assert_eq!(outcome.documents.len(), 1);
    let expected = json!({"default": {"large": "[truncated]", "small": "kept"}});
    assert_eq!(outcome.documents[0]["metadata"], expected);
    assert_eq!(outcome.log.matches("WARN").count(), 1, "{}", outcome.log);
}

/// An entity's name and the length of its metadata.
fn whole(entity: &Value) -> (&str, usize) {
    let text = entity["metadata"]["default"]["text"].as_str().unwrap_or_default();
    (entity["name"].as_str().expect("a name"), text.len())
}

#[test]
fn unsampled_child_absent() {
    let hidden = json!({"op": "begin_subsegment", "name": "hidden", "sampled": false});
    let deeper = [begin_sub("deeper"), op("downstream_header"), end_sub()];
    let mut lines = vec![begin("orders"), begin_sub("kept"), hidden];
    lines.extend(deeper);
    lines.extend([end_sub(), end_sub(), end()]);
    let outcome = play(&lines);
    assert_eq!(outcome.documents.len(), 1);
    assert_eq!(outcome.documents[0]["subsegments"][0]["name"], "kept");
    let text = outcome.documents[0].to_string();
    assert!(!text.contains("hidden") && !text.contains("deeper"), "{text}");
    let header = outcome.answers[4]["value"].as_str().expect("a header");
    assert!(header.ends_with(";Sampled=0"), "{header}");
}

#[test]
fn not_finite_annotation_dropped() {
    let annotate = |key, value: Value| json!({"op": "annotate", "key": key, "value": value});
    let outcome = play(&[
        begin("orders"),
        annotate("nan", json!({"$float": "NaN"})),
        annotate("inf", json!({"$float": "-inf"})),
        annotate("kept", json!(0.5)),
        end(),
    ]);
    assert_eq!(outcome.documents[0]["annotations"], json!({"kept": 0.5}));
}
