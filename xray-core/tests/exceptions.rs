//! Errors on their way up, hooks, and what a recorder says of every segment.

use std::time::Duration;

use serde_json::{Value, json};
use xray_core::{
    Delivery, Recorder, RecorderBuilder, Verdict, document::Exception, sample::LocalRules,
    testing::MemoryEmitter,
};

fn recorder(build: impl FnOnce(RecorderBuilder) -> RecorderBuilder) -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let builder = Recorder::builder("orders")
        .emitter(memory.clone())
        .delivery(Delivery::Inline)
        .sampling_rules(LocalRules::everything());
    (build(builder).build().unwrap(), memory)
}

#[test]
fn exception_bubbling() {
    let (xray, memory) = recorder(|builder| builder);
    let error = std::io::Error::other("disk gone");
    let segment = xray.begin_segment("orders");
    let outer = segment.subsegment("outer");
    let inner = outer.subsegment("inner");
    inner.record_error(&error);
    inner.record_error(&error);
    outer.record_error(&error);
    segment.record_error(&error);
    drop((inner, outer, segment));

    let segment = memory.take().remove(0);
    let outer = &segment["subsegments"][0];
    let inner = &outer["subsegments"][0];
    assert_eq!(inner["cause"]["exceptions"].as_array().unwrap().len(), 1);
    let id = &inner["cause"]["exceptions"][0]["id"];
    assert!(id.is_string());
    assert_eq!((&outer["cause"], &segment["cause"]), (id, id));
    for entity in [inner, outer, &segment] {
        assert_eq!(entity["fault"], true);
    }
}

#[test]
fn an_error_is_known_again_after_the_subsegment_has_left() {
    let (xray, memory) = recorder(|builder| builder.streaming_threshold(0));
    let segment = xray.begin_segment("orders");
    let inner = segment.subsegment("inner");
    inner.record_error(&std::fmt::Error);
    inner.end();
    let id = memory.take()[0]["cause"]["exceptions"][0]["id"].clone();
    segment.subsegment("takes its slot").end();
    segment.record_error(&std::fmt::Error);
    segment.end();
    assert_eq!(memory.take().pop().unwrap()["cause"], id);
}

#[test]
fn siblings_with_the_same_error_are_both_described() {
    let (xray, memory) = recorder(|builder| builder);
    let segment = xray.begin_segment("orders");
    for name in ["one", "two"] {
        segment.subsegment(name).record_error(&std::fmt::Error);
    }
    segment.end();
    let segment = memory.take().remove(0);
    for child in segment["subsegments"].as_array().unwrap() {
        assert_eq!(child["cause"]["exceptions"].as_array().unwrap().len(), 1, "{child}");
    }
}

#[test]
fn a_new_error_beside_a_named_one_is_described() {
    let (xray, memory) = recorder(|builder| builder);
    let segment = xray.begin_segment("orders");
    let inner = segment.subsegment("inner");
    inner.record_error(&std::fmt::Error);
    segment.record_error(&std::fmt::Error);
    segment.record_error(&std::io::Error::other("disk gone"));
    drop((inner, segment));
    let segment = memory.take().remove(0);
    assert_eq!(segment["cause"]["exceptions"][0]["message"], "disk gone");
}

#[test]
fn exceptions_by_hand() {
    let (xray, memory) = recorder(|builder| builder.stack_frames(1));
    let root = Exception::new("SocketClosed", "peer went away").remote();
    let refused = Exception::new("PaymentRefused", "no answer")
        .frame("src/pay.rs", 7, "charge")
        .frame("src/main.rs", 3, "main")
        .caused_by(&root);
    let segment = xray.begin_segment("orders");
    let call = segment.subsegment("payments");
    call.record_exceptions(&[refused.clone(), root.clone()]);
    call.end();
    segment.record_exceptions(&[refused.clone(), root.clone()]);
    segment.end();
    let document = memory.take().remove(0);
    assert_eq!(document["cause"], refused.id.to_string());
    assert_eq!(
        document["subsegments"][0]["cause"]["exceptions"],
        json!([
            {
                "id": refused.id.to_string(), "type": "PaymentRefused", "message": "no answer",
                "cause": root.id.to_string(), "truncated": 1,
                "stack": [{"path": "src/pay.rs", "line": 7, "label": "charge"}],
            },
            {
                "id": root.id.to_string(), "type": "SocketClosed", "message": "peer went away",
                "remote": true,
            },
        ])
    );
}

#[test]
fn a_long_chain_of_causes_is_cut_and_counted() {
    #[derive(Debug)]
    struct Nested(Option<Box<Nested>>);
    impl std::fmt::Display for Nested {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("nested")
        }
    }
    impl std::error::Error for Nested {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            self.0.as_deref().map(|inner| inner as _)
        }
    }
    let error = (0..19).fold(Nested(None), |inner, _| Nested(Some(Box::new(inner))));
    let (xray, memory) = recorder(|builder| builder);
    xray.begin_segment("orders").record_error(&error);
    let document = memory.take().remove(0);
    let exceptions = document["cause"]["exceptions"].as_array().unwrap();
    assert_eq!(exceptions.len(), 10);
    assert_eq!(exceptions[9]["skipped"], 10);
    for pair in exceptions.windows(2) {
        assert_eq!(pair[0]["cause"], pair[1]["id"]);
    }
}

#[test]
fn flags_can_be_taken_back() {
    let (xray, memory) = recorder(|builder| builder);
    let segment = xray.begin_segment("orders");
    segment.record_error(&std::fmt::Error);
    segment.set_fault(false);
    segment.set_error(true);
    segment.set_throttle(true);
    segment.set_throttle(false);
    segment.end();
    let document = memory.take().remove(0);
    assert!(document.get("fault").is_none() && document.get("throttle").is_none());
    assert_eq!(document["error"], true);
}

#[test]
fn what_is_unsampled_is_in_no_document() {
    let (xray, memory) = recorder(|builder| builder);
    let segment = xray.begin_segment("orders");
    let quiet = segment.unsampled_subsegment();
    quiet.annotate("a", 1);
    quiet.subsegment("under it").record_error(&std::fmt::Error);
    let expected = format!("Root={};Parent={};Sampled=0", segment.trace_id(), segment.id());
    assert_eq!(quiet.subsegment("call").trace_header().unwrap().to_string(), expected);
    drop((quiet, segment));
    let documents = memory.take();
    assert_eq!(documents.len(), 1);
    assert!(documents[0].get("subsegments").is_none());
}

#[test]
fn an_end_may_be_given() {
    let (xray, memory) = recorder(|builder| builder);
    let later = std::time::SystemTime::now() + Duration::from_secs(5);
    let segment = xray.begin_segment("orders");
    segment.subsegment("before its begin").end_at(std::time::UNIX_EPOCH);
    segment.end_at(later);
    let document = memory.take().remove(0);
    let took = |entity: &Value| {
        entity["end_time"].as_f64().unwrap() - entity["start_time"].as_f64().unwrap()
    };
    assert!(took(&document) > 4.0);
    assert_eq!(took(&document["subsegments"][0]), 0.0);
}

#[test]
fn a_recorder_annotates_every_segment() {
    let (xray, memory) = recorder(|builder| {
        builder
            .annotation("stage", "production")
            .annotation("tier", 1)
            .annotation("bad key", 1)
            .annotation("nan", f64::NAN)
    });
    let segment = xray.begin_segment("orders");
    segment.annotate("tier", 2);
    segment.subsegment("child").end();
    segment.end();
    let document = memory.take().remove(0);
    assert_eq!(document["annotations"], json!({"stage": "production", "tier": 2}));
    assert!(document["subsegments"][0].get("annotations").is_none());
}

#[test]
fn the_hook_has_the_last_word() {
    let (xray, memory) = recorder(|builder| {
        builder.before_emit(|document| match &*document.name {
            "secret" => Verdict::Drop,
            "panics" => panic!("a bug in the hook"),
            _ => Verdict::Keep,
        })
    });
    for name in ["secret", "panics", "usual"] {
        xray.begin_segment(name).end();
    }
    let names: Vec<_> =
        memory.take().into_iter().map(|document| document["name"].clone()).collect();
    assert_eq!(names, ["panics", "usual"]);
    let stats = xray.stats();
    assert_eq!((stats.dropped_by_hook, stats.hook_panics, stats.dropped()), (1, 1, 0));
}
