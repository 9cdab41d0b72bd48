//! What is accepted as a document, and why the rest is refused.

use crate::support::{TRACE, document, segment};
use serde_json::json;
use xray_console::{Document, Rejection};

fn refusal(body: impl AsRef<[u8]>) -> Rejection {
    Document::parse(body.as_ref()).unwrap_err()
}

#[test]
fn each_defect_has_its_own_reason() {
    let with = |with| segment(1, "a", with).to_string();
    let cases = [
        (String::new(), Rejection::Empty),
        ("{\"name\":".to_owned(), Rejection::BadJson),
        ("{\"start_time\":NaN}".to_owned(), Rejection::BadJson),
        ("[]".to_owned(), Rejection::NotAnObject),
        ("\"text\"".to_owned(), Rejection::NotAnObject),
        (with(json!({"id": null})), Rejection::MissingId),
        (with(json!({})).replace("\"0000000000000001\"", "null"), Rejection::MissingId),
        (with(json!({"id": "xyz"})), Rejection::BadId),
        (with(json!({"id": 7})), Rejection::BadId),
        (with(json!({"trace_id": null})), Rejection::MissingTraceId),
        (with(json!({"trace_id": "1-5759e988"})), Rejection::BadTraceId),
        (with(json!({"type": "subsegment"})), Rejection::MissingParentId),
        (with(json!({"type": "subsegment", "parent_id": "1"})), Rejection::BadParentId),
        (with(json!({"name": null})), Rejection::MissingName),
        (with(json!({"name": ""})), Rejection::BadName),
        (with(json!({"name": 7})), Rejection::BadName),
        (with(json!({"start_time": null})), Rejection::MissingStartTime),
        (with(json!({"start_time": "1461096053"})), Rejection::BadStartTime),
        (with(json!({"end_time": null})), Rejection::MissingEndTime),
        (with(json!({"end_time": null, "in_progress": false})), Rejection::MissingEndTime),
        (with(json!({"end_time": "1461096053"})), Rejection::BadEndTime),
        (with(json!({"end_time": 1.0})), Rejection::EndBeforeStart),
    ];
    for (body, reason) in cases {
        assert_eq!(refusal(&body), reason, "{body}");
    }
    assert_eq!(refusal(b"{\"name\":\"\xff\"}"), Rejection::NotUtf8);
    assert_eq!(refusal(vec![b' '; Document::MAX_BYTES + 1]), Rejection::TooLarge);
}

#[test]
fn every_reason_has_a_name_of_its_own_and_advice() {
    let names: std::collections::BTreeSet<_> =
        Rejection::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(names.len(), Rejection::ALL.len());
    assert!(Rejection::ALL.iter().all(|reason| reason.advice().ends_with('.')));
}

/// `depth` subsegments inside each other below a segment.
fn nested(depth: usize) -> String {
    let open = "{\"name\":\"n\",\"id\":\"0000000000000001\",\"start_time\":1,\"end_time\":2,\"subsegments\":[";
    let head = format!("{{\"trace_id\":\"{TRACE}\",{}", &open[1..]);
    head + &open.repeat(depth) + &"]}".repeat(depth + 1)
}

#[test]
fn subsegments_nest_up_to_the_limit_and_no_deeper() {
    assert_eq!(Document::parse(nested(512).as_bytes()).unwrap().entities(), 513);
    assert_eq!(refusal(nested(513)), Rejection::TooDeep);
    assert_eq!(refusal(nested(10_000)), Rejection::TooDeep);
}

#[test]
fn metadata_nests_up_to_the_limit_and_no_deeper() {
    let deep = |levels: usize| {
        let value = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        segment(1, "a", json!({})).to_string().replacen(
            '{',
            &format!("{{\"metadata\":{{\"x\":{value}}},"),
            1,
        )
    };
    assert!(Document::parse(deep(Document::MAX_DEPTH - 2).as_bytes()).is_ok());
    assert_eq!(refusal(deep(Document::MAX_DEPTH)), Rejection::TooDeep);
    assert_eq!(refusal("[".repeat(60_000)), Rejection::TooDeep);
}

#[test]
fn the_habits_of_the_official_sdks_are_accepted() {
    let python = json!({
        "in_progress": false, "namespace": "local",
        "subsegments": [{
            "name": "dummy", "id": "0000000000000000", "type": "subsegment", "trace_id": TRACE, "parent_id": "1",
            "start_time": 1.0, "end_time": 2.0, "in_progress": false, "namespace": "dummy", "cause": "53995c3f42cd8ad8",
        }],
    });
    let node = json!({
        "http": {"response": {"status": "404", "content_length": "17"}}, "notTraced": true,
        "aws": {"xray": {"rule_name": "Default"}}, "cause": {"id": "53995c3f42cd8ad8"},
        "subsegments": [{"name": "api", "id": "53995c3f42cd8ad8", "start_time": 1.0, "traced": true, "namespace": "remote"}],
    });
    let numbers = json!({"metadata": {"default": {"big": 1e300, "id": 123_456_789_012_345_678_901_234_567_890_u128 as f64}}});
    for with in [python, node, numbers] {
        document(&segment(1, "a", with));
    }
    let huge = segment(1, "a", json!({})).to_string().replacen(
        '{',
        "{\"metadata\":{\"n\":{\"x\":340282366920938463463374607431768211455}},",
        1,
    );
    assert!(Document::parse(huge.as_bytes()).is_ok());
}

#[test]
fn the_bytes_are_kept_as_they_came() {
    let body =
        format!("  {}\n", segment(1, "a", json!({"metadata": {"default": {"x": "\u{202e}"}}})));
    assert_eq!(Document::parse(body.as_bytes()).unwrap().raw(), body.as_bytes());
}

#[test]
fn any_cut_and_any_byte_is_answered() {
    let body =
        segment(1, "a", json!({"sql": {"url": "x"}, "subsegments": [{"name": "b"}]})).to_string();
    for cut in 0..body.len() {
        assert!(Document::parse(&body.as_bytes()[..cut]).is_err());
        for byte in [0, b'"', b'{', b'[', 0xff, b'9'] {
            let mut changed = body.clone().into_bytes();
            changed[cut] = byte;
            // Whatever the answer is, there is one.
            let _ = Document::parse(&changed);
        }
    }
}
