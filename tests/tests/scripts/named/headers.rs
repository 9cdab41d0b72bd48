//! 2 to 5: how a trace comes in and goes on.

use serde_json::json;

use super::{PARENT, ROOT, begin_with, end, header_of, op, play, play_as};

#[test]
fn header_whitespace_and_empties() {
    let value = format!(" Root={ROOT} ; ;Parent={PARENT}; sampled=1; ");
    let outcome = play(&[json!({"op": "parse_header", "value": value})]);
    let expected = json!({"root": ROOT, "parent": PARENT, "sampled": true, "data": {}});
    assert_eq!(outcome.answers, [expected]);
}

#[test]
fn header_data() {
    let outcome = play(&[
        begin_with("Sampled=1;Root=<r>;Self=1-2-3;Lineage=10:1234abcd:3;X=b=c"),
        op("downstream_header"),
        end(),
    ]);
    let downstream = header_of(&outcome.answers[1], &outcome.answers[0]["id"]);
    assert_eq!(downstream, "Root=<r>;Parent=<id>;Sampled=1;Lineage=10:1234abcd:3;X=b=c");
}

#[test]
fn sampled_question() {
    for (header, expected) in
        [("Root=<r>;Sampled=?", "Root=<r>;Sampled=1"), ("Root=<r>;Sampled=1", "Root=<r>")]
    {
        let outcome = play(&[begin_with(header), op("response_header"), end()]);
        assert_eq!(header_of(&outcome.answers[1], &outcome.answers[0]["id"]), expected);
    }
}

#[test]
fn unsampled_keeps_root() {
    let outcome =
        play(&[begin_with("Root=<r>;Parent=<p>;Sampled=0"), op("downstream_header"), end()]);
    assert!(outcome.documents.is_empty());
    let value = outcome.answers[1]["value"].as_str().expect("a header");
    assert_eq!(value, format!("Root={ROOT};Parent={PARENT};Sampled=0"));

    let nothing = json!({"op": "begin_segment", "name": "orders", "sampled": false});
    let lines = [nothing, op("downstream_header"), end()];
    let zeros = "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0";
    assert_eq!(play(&lines).answers[1]["value"], zeros);

    let configure = json!({"op": "configure", "service": "orders"});
    let outcome = play_as(&configure, &[("AWS_XRAY_NOOP_ID", "FALSE")], &lines);
    let (trace_id, id) = (&outcome.answers[0]["trace_id"], &outcome.answers[0]["id"]);
    let expected = format!(
        "Root={};Parent={};Sampled=0",
        trace_id.as_str().expect("an id"),
        id.as_str().expect("an id"),
    );
    assert_eq!(outcome.answers[1]["value"], *expected);
    let trace_id: xray_core::TraceId = trace_id.as_str().expect("an id").parse().expect("valid");
    assert!(!trace_id.is_noop());
    assert!(outcome.documents.is_empty());
}
