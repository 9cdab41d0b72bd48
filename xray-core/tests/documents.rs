//! What a record becomes on the wire, as whole documents.

use serde_json::{Value, json};
use xray_core::{
    Delivery, Entity, Namespace, Recorder, Sql, document::Link, sample::LocalRules,
    testing::MemoryEmitter,
};

fn recorder() -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let xray = Recorder::builder("orders")
        .version("1.2.3")
        .emitter(memory.clone())
        .delivery(Delivery::Inline)
        .sampling_rules(LocalRules::everything())
        .build()
        .unwrap();
    (xray, memory)
}

/// The only document, without what differs from run to run.
fn only(memory: &MemoryEmitter) -> Value {
    let mut documents = memory.take();
    assert_eq!(documents.len(), 1, "{documents:#?}");
    let mut document = documents.remove(0);
    strip(&mut document);
    document
}

fn strip(entity: &mut Value) {
    let fields = entity.as_object_mut().unwrap();
    let start = fields.remove("start_time").unwrap().as_f64().unwrap();
    if let Some(end) = fields.remove("end_time") {
        assert!(end.as_f64().unwrap() >= start);
    }
    assert_eq!(fields.remove("id").unwrap().as_str().unwrap().len(), 16);
    if let Some(trace) = fields.remove("trace_id") {
        assert_eq!(trace.as_str().unwrap().len(), 35);
    }
    for child in fields.get_mut("subsegments").and_then(Value::as_array_mut).into_iter().flatten() {
        strip(child);
    }
}

#[test]
fn every_field() {
    let (xray, memory) = recorder();
    let segment = xray.begin_segment("orders");
    segment.user("bob");
    segment.origin("AWS::ECS::Container");
    segment.resource_arn("arn:aws:ecs:eu-west-1:123456789012:task/t");
    segment.aws("ecs", json!({"container": "c"}));
    segment.aws("xray", "not ours to change");
    segment.annotate("tier", "gold");
    segment.annotate("count", -3);
    segment.annotate("share", 0.5);
    segment.annotate("paid", true);
    segment.annotate("tier", "silver");
    segment.metadata("cart", json!({"items": [1, 2]}));
    segment.metadata_in("debug", "trail", vec!["a", "b"]);
    let other = Link {
        trace_id: "1-5759e988-bd862e3fe1be46a994272793".parse().unwrap(),
        id: "53995c3f42cd8ad8".parse().unwrap(),
    };
    segment.link(other);
    let call = segment.subsegment("shop@db");
    call.namespace(Namespace::Remote);
    call.precursor(other.id);
    call.precursor(other.id);
    call.sql(Sql {
        url: Some("postgresql://shop@db:5432/shop".into()),
        database_type: Some("PostgreSQL".into()),
        sanitized_query: Some("SELECT 1".into()),
        ..Sql::default()
    });
    call.end();
    let remote = segment.subsegment("payments");
    remote.namespace(Namespace::Remote);
    remote.http_request("POST", "https://u:p@payments:8443/charge?card=1#x");
    remote.http_response(429);
    remote.content_length(12);
    remote.end();
    segment.end();

    let expected = json!({
        "name": "orders",
        "user": "bob",
        "origin": "AWS::ECS::Container",
        "resource_arn": "arn:aws:ecs:eu-west-1:123456789012:task/t",
        "aws": {
            "xray": {"sdk": "X-Ray for Rust", "sdk_version": env!("CARGO_PKG_VERSION")},
            "ecs": {"container": "c"},
        },
        "annotations": {"tier": "silver", "count": -3, "share": 0.5, "paid": true},
        "metadata": {"default": {"cart": {"items": [1, 2]}}, "debug": {"trail": ["a", "b"]}},
        "links": [{"trace_id": "1-5759e988-bd862e3fe1be46a994272793", "id": "53995c3f42cd8ad8"}],
        "subsegments": [
            {
                "name": "shop@db",
                "namespace": "remote",
                "precursor_ids": ["53995c3f42cd8ad8"],
                "sql": {
                    "url": "postgresql://shop@db:5432/shop",
                    "database_type": "PostgreSQL",
                    "sanitized_query": "SELECT 1",
                },
            },
            {
                "name": "payments",
                "namespace": "remote",
                "error": true,
                "throttle": true,
                "http": {
                    "request": {"method": "POST", "url": "https://payments:8443/charge"},
                    "response": {"status": 429, "content_length": 12},
                },
            },
        ],
    });
    let mut document = only(&memory);
    let service = document.as_object_mut().unwrap().remove("service").unwrap();
    assert_eq!(service["version"], "1.2.3");
    assert_eq!(service["runtime"], "rustc");
    assert!(service["runtime_version"].as_str().unwrap().starts_with("1."), "{service}");
    assert_eq!(document, expected);
}

#[test]
fn an_error_is_described_with_its_causes() {
    let (xray, memory) = recorder();
    let segment = xray.begin_segment("orders");
    segment.record_error(&Outer(std::io::Error::other("disk gone")));
    segment.end();
    let document = memory.take().remove(0);
    assert_eq!(document["fault"], true);
    let exceptions = document["cause"]["exceptions"].as_array().unwrap();
    assert_eq!(exceptions.len(), 2);
    assert_eq!(exceptions[0]["message"], "order not saved");
    assert!(exceptions[0]["type"].as_str().unwrap().ends_with("Outer"));
    assert_eq!(exceptions[0]["cause"], exceptions[1]["id"]);
    let path = exceptions[0]["stack"][0]["path"].as_str().unwrap();
    assert!(path.ends_with("tests/documents.rs"), "{path}");
    assert_eq!(exceptions[1]["message"], "disk gone");
    assert!(document["cause"]["working_directory"].is_string());
}

#[derive(Debug)]
struct Outer(std::io::Error);

impl std::fmt::Display for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("order not saved")
    }
}

impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn an_exception_is_no_fault_where_the_status_is_a_4xx() {
    let (xray, memory) = recorder();
    let segment = xray.begin_segment("orders");
    segment.record_error(&std::fmt::Error);
    segment.http_response(404);
    segment.end();
    let document = memory.take().remove(0);
    assert_eq!((&document["error"], &document["fault"]), (&json!(true), &Value::Null));
}

#[test]
fn what_json_or_x_ray_cannot_take_is_left_out() {
    let (xray, memory) = recorder();
    let segment = xray.begin_segment("a?b|c{d}");
    segment.annotate("nan", f64::NAN);
    segment.annotate("infinite", f64::INFINITY);
    segment.annotate("bad-key", 1);
    segment.annotate("", 1);
    segment.annotate("long", "x".repeat(2000));
    segment.metadata_in("AWS.mine", "key", 1);
    segment.metadata("map", std::collections::HashMap::from([((1, 2), 3)]));
    segment.user(&"é".repeat(300));
    segment.http_response(0);
    segment.end();
    let document = memory.take().remove(0);
    assert_eq!(document["name"], "abcd");
    assert_eq!(document["annotations"], json!({"long": "x".repeat(1000)}));
    assert_eq!(document["metadata"]["default"]["map"], "key must be a string");
    assert_eq!(document["user"], "é".repeat(250));
    assert!(document["http"].is_null());
}

#[test]
fn no_document_is_deeper_than_32_and_no_level_is_missing() {
    for (levels, expected) in [(10, 1), (31, 1), (32, 2), (95, 3), (10_000, 9_900 + 4)] {
        let (xray, memory) = recorder();
        let segment = xray.begin_segment("deep");
        let mut open = vec![segment.subsegment("1")];
        for level in 2..=levels {
            let next = open[open.len() - 1].subsegment(&level.to_string());
            open.push(next);
        }
        while open.pop().is_some() {}
        segment.end();
        let documents = memory.take();
        // The last hundred leave together, those that are more than that each at its end.
        assert_eq!(documents.len(), expected, "{levels} levels");
        let mut count = 0;
        let mut without_parent = 0;
        for document in &documents {
            without_parent += usize::from(document.get("parent_id").is_none());
            let mut depth = 0;
            let mut at = Some(document);
            while let Some(entity) = at {
                depth += 1;
                at = entity["subsegments"].get(0);
            }
            assert!(depth <= 32, "{depth}");
            count += depth;
        }
        assert_eq!((count, without_parent), (levels + 1, 1), "{levels} levels");
    }
}

#[test]
fn a_panicking_serialize_or_display_harms_nothing() {
    struct Bad;
    impl serde::Serialize for Bad {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("no")
        }
    }
    #[derive(Debug)]
    struct BadError;
    impl std::fmt::Display for BadError {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("no")
        }
    }
    impl std::error::Error for BadError {}

    let (xray, memory) = recorder();
    let segment = xray.begin_segment("orders");
    segment.metadata("bad", Bad);
    segment.record_error(&BadError);
    segment.end();
    let document = memory.take().remove(0);
    assert_eq!(document["metadata"]["default"]["bad"], "[the value's Serialize panicked]");
    assert_eq!(document["cause"]["exceptions"][0]["message"], "the error's Display panicked");
}

#[test]
fn nothing_is_recorded_outside_of_a_segment() {
    let nothing = Entity::current();
    nothing.annotate("a", 1);
    assert!(!nothing.is_sampled());
    assert!(nothing.trace_header().is_none());
    assert!(nothing.subsegment("x").trace_header().is_none());
}
