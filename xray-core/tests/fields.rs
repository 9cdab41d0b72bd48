//! Fields that are set in parts, and fields that only a segment has.

use serde_json::{Value, json};
use xray_core::{
    Delivery, Entity, Namespace, Recorder, Sql,
    document::{Exception, HttpRequest, MAX_EXCEPTION_CHAIN},
    sample::LocalRules,
    testing::MemoryEmitter,
};

fn recorded(work: impl FnOnce(&Entity)) -> Value {
    let memory = MemoryEmitter::new();
    let xray = Recorder::builder("orders")
        .version("1.2.3")
        .emitter(memory.clone())
        .delivery(Delivery::Inline)
        .sampling_rules(LocalRules::everything())
        .build()
        .unwrap();
    work(&xray.begin_segment("orders"));
    memory.take().remove(0)
}

#[test]
fn requests_and_queries_in_parts() {
    let document = recorded(|segment| {
        segment.http_request("GET", "https://u:p@h/orders?id=7");
        segment.http(HttpRequest { user_agent: Some("curl/8"), ..HttpRequest::default() });
        segment.http(HttpRequest {
            client_ip: Some("203.0.113.7"),
            x_forwarded_for: true,
            ..HttpRequest::default()
        });
        let query = segment.subsegment("query");
        query.sql(Sql { user: Some("app".into()), ..Sql::default() });
        query.sql(Sql { sanitized_query: Some("SELECT ?".into()), ..Sql::default() });
    });
    let expected = json!({
        "method": "GET", "url": "https://h/orders", "user_agent": "curl/8",
        "client_ip": "203.0.113.7", "x_forwarded_for": true,
    });
    assert_eq!(document["http"], json!({"request": expected}));
    let expected = json!({"user": "app", "sanitized_query": "SELECT ?"});
    assert_eq!(document["subsegments"][0]["sql"], expected);
}

#[test]
fn nothing_said_is_nothing_recorded() {
    let document = recorded(|segment| {
        segment.http(HttpRequest::default());
        segment.http_response(0);
    });
    assert!(document.get("http").is_none(), "{document}");
}

#[test]
fn what_only_a_segment_has_goes_there() {
    let document = recorded(|segment| {
        let child = segment.subsegment("child");
        child.user("alice");
        child.origin("AWS::ECS::Container");
        child.resource_arn("arn:aws:ecs:eu-west-1:123456789012:task/x");
        child.service("build", 7);
        child.service("version", "2.0.0");
    });
    assert_eq!(document["user"], "alice");
    assert_eq!(document["origin"], "AWS::ECS::Container");
    assert!(document["resource_arn"].is_string());
    let service = &document["service"];
    assert_eq!(
        [&service["build"], &service["version"], &service["runtime"]],
        [&json!(7), &json!("2.0.0"), &json!("rustc")]
    );
    let child = &document["subsegments"][0];
    assert_eq!(child.as_object().unwrap().keys().len(), 4, "{child}");
}

#[test]
fn exceptions_built_by_hand_are_known_by_their_id() {
    let document = recorded(|segment| {
        let inner = segment.subsegment("inner");
        let one = Exception::new("Refused", "no route");
        inner.record_exceptions(std::slice::from_ref(&one));
        inner.end();
        let other = segment.subsegment("other");
        other.record_exceptions(&[Exception::new("Refused", "no route")]);
        other.end();
        segment.record_exceptions(&[one]);
    });
    let [inner, other] = [0, 1].map(|index| &document["subsegments"][index]["cause"]);
    assert_eq!(document["cause"], inner["exceptions"][0]["id"]);
    assert!(other["exceptions"][0]["id"].is_string(), "{other}");
}

#[test]
fn a_long_chain_built_by_hand_is_cut() {
    let document = recorded(|segment| {
        let chain: Vec<_> = (0..1_000).map(|n| Exception::new("E", n.to_string())).collect();
        segment.record_exceptions(&chain);
    });
    let exceptions = document["cause"]["exceptions"].as_array().unwrap();
    assert_eq!(exceptions.len(), MAX_EXCEPTION_CHAIN);
    assert_eq!(exceptions[MAX_EXCEPTION_CHAIN - 1]["skipped"], 1_000 - MAX_EXCEPTION_CHAIN);
}

#[test]
fn keys_from_elsewhere_are_mended() {
    let document = recorded(|segment| {
        segment.annotate_mended("http.route", "/a");
        segment.annotate_mended("http_route", "/b");
        // Written up here, so that what follows is compared with what is in the record.
        assert_eq!(segment.name().as_deref(), Some("orders"));
        segment.annotate_mended("http.route", "/c");
        segment.annotate_mended("größe", 1);
        segment.annotate_mended("", 2);
        segment.annotate("http.route", "dropped");
    });
    assert_eq!(document["annotations"], json!({"http_route": "/c", "gr____e": 1}));
}

#[test]
fn lists_grow_up_to_their_limit() {
    let document = recorded(|segment| {
        segment.metadata_in("retry", "last", 7);
        for attempt in 0..5 {
            segment.append_metadata("retry", "attempts", attempt, 3);
        }
        segment.append_metadata("retry", "last", 8, 3);
        segment.append_metadata("AWS.retry", "attempts", 1, 3);
    });
    assert_eq!(document["metadata"], json!({"retry": {"last": 7, "attempts": [0, 1, 2]}}));
}

#[test]
fn a_batch_is_what_its_calls_are_one_after_the_other() {
    let long = "x".repeat(2_000);
    let error = || Exception::chain_of(&std::io::Error::other("refused"));
    let mut together = recorded(|segment| {
        let child = segment.subsegment("child");
        child.batch(|batch| {
            batch.annotate_mended("http.route", "/orders");
            batch.annotate_mended("text", &long);
            batch.annotate_mended("below", -1);
            batch.annotate_mended("above", u64::MAX);
            batch.annotate_mended("part", 0.5);
            batch.annotate_mended("nothing", f64::NAN);
            batch.annotate_mended("flag", true);
            batch.annotate_mended(&long, true);
            // It is no batch in itself, and what runs meanwhile may record as well.
            child.batch(|inner| inner.annotate_mended("flag", false));
            batch.metadata_in("notes", "list", [1, 2]);
            batch.metadata_in("AWS.notes", "list", [1, 2]);
            batch.namespace(Namespace::Remote);
            batch.set_fault(true);
            batch.record_exception_chain(error());
        });
    });
    let mut apart = recorded(|segment| {
        let child = segment.subsegment("child");
        child.annotate_mended("flag", false);
        child.annotate_mended("http.route", "/orders");
        child.annotate_mended("text", &long);
        child.annotate_mended("below", -1);
        child.annotate_mended("above", u64::MAX);
        child.annotate_mended("part", 0.5);
        child.annotate_mended("flag", true);
        child.metadata_in("notes", "list", [1, 2]);
        child.namespace(Namespace::Remote);
        child.set_fault(true);
        child.record_exception_chain(error());
    });
    let [together, apart] = [&mut together, &mut apart].map(|document| {
        let child = &mut document["subsegments"][0];
        for own in ["id", "start_time", "end_time"] {
            child[own].take();
        }
        child["cause"]["exceptions"][0]["id"].take();
        child.take()
    });
    assert_eq!(together, apart);
    assert_eq!(together["annotations"]["http_route"], "/orders");
    assert_eq!(together["cause"]["exceptions"][0]["message"], "refused");
}
