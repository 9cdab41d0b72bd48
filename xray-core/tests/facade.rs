//! Under a segment that somebody else emits.

use std::{
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use serde_json::Value;
use xray_core::{
    Delivery, Entity, Invocation, Recorder, TraceHeader,
    environment::Machine,
    header::CallerHeaders,
    http::{Exchange, RequestHead, ResponseHead, ServerPolicy},
    testing::MemoryEmitter,
};

const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
const PARENT: &str = "53995c3f42cd8ad8";

fn recorder() -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let xray = Recorder::builder("function")
        .emitter(memory.clone())
        .delivery(Delivery::Inline)
        .streaming_threshold(0)
        .build()
        .unwrap();
    (xray, memory)
}

fn facade(xray: &Recorder, header: &str) -> Entity {
    xray.facade(&TraceHeader::parse(&header.replace("<r>", ROOT).replace("<p>", PARENT)))
}

fn downstream(entity: &Entity) -> Option<String> {
    let header = entity.trace_header()?.to_string();
    Some(header.replace(ROOT, "<r>").replace(PARENT, "<p>"))
}

#[test]
fn each_subsegment_leaves_at_its_end() {
    let (xray, memory) = recorder();
    let facade = facade(&xray, "Root=<r>;Parent=<p>;Sampled=1;Lineage=10:1234abcd:3");
    facade.annotate("on the facade", true);
    let outer = facade.subsegment("outer");
    let inner = outer.subsegment("inner");
    let expected = format!("Root=<r>;Parent={};Sampled=1;Lineage=10:1234abcd:3", inner.id());
    assert_eq!(downstream(&inner).unwrap(), expected);
    let outer_id = outer.id().to_string();
    inner.end();
    assert_leaves(&memory.take(), "inner", &outer_id);
    outer.end();
    assert_leaves(&memory.take(), "outer", PARENT);
    assert!(xray.flush(std::time::Duration::from_secs(1)));
    assert!(memory.take().is_empty(), "the facade itself never leaves");
}

fn assert_leaves(documents: &[Value], name: &str, parent: &str) {
    assert_eq!(documents.len(), 1);
    let document = &documents[0];
    assert_eq!(
        [&document["name"], &document["type"], &document["trace_id"], &document["parent_id"]],
        [name, "subsegment", ROOT, parent]
    );
    assert!(document.get("subsegments").is_none() && document.get("annotations").is_none());
}

#[test]
fn header_states() {
    for (header, expected) in [
        (
            "Root=<r>;Parent=<p>;Sampled=0;Lineage=a:1",
            Some("Root=<r>;Parent=<p>;Sampled=0;Lineage=a:1"),
        ),
        ("Root=<r>;Parent=<p>;Sampled=?", Some("Root=<r>;Parent=<p>;Sampled=0")),
        ("Root=<r>;Lineage=10:1234abcd:3", Some("Root=<r>;Lineage=10:1234abcd:3")),
        ("Root=<r>;Sampled=1", Some("Root=<r>;Sampled=0")),
        ("", None),
        ("Root=1-zzz;Parent=<p>;Sampled=1", None),
    ] {
        let (xray, memory) = recorder();
        let facade = facade(&xray, header);
        let child = facade.subsegment("child");
        assert_eq!(downstream(&child).as_deref(), expected, "{header}");
        assert!(!child.is_sampled());
        child.end();
        assert!(memory.take().is_empty(), "{header}");
    }
}

#[test]
fn a_function_sends_each_subsegment_at_its_end() {
    let root = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("lambda");
    let _ = std::fs::remove_dir_all(&root);
    let machine = Machine::with_root(&root)
        .variable("LAMBDA_TASK_ROOT", "/var/task")
        .variable("_X_AMZN_TRACE_ID", format!("Root={ROOT};Parent={PARENT};Sampled=1"));
    let memory = MemoryEmitter::new();
    // Neither the delivery nor the threshold is set.
    let builder = Recorder::builder("function").machine(machine).emitter(memory.clone());
    let xray = builder.build().unwrap();
    assert!(root.join("tmp/.aws-xray/initialized").is_file());

    let facade = xray.facade_of_environment();
    let outer = facade.subsegment("outer");
    outer.subsegment("inner").end();
    assert_leaves(&memory.take(), "inner", &outer.id().to_string());
    outer.end();
    assert_leaves(&memory.take(), "outer", PARENT);
}

#[test]
fn queries_are_collected_where_the_environment_says_so() {
    let built = |word: &str, coded| {
        let machine = Machine::with_root("/nowhere").variable("AWS_XRAY_COLLECT_SQL_QUERIES", word);
        let builder = Recorder::builder("orders").machine(machine).delivery(Delivery::Inline);
        builder.collect_sql_queries(coded).build().unwrap().collects_sql_queries()
    };
    assert!(built("true", false));
    assert!(!built("off", true));
    assert!(built("perhaps", true));
}

/// An invocation, with a response whose body is not complete.
fn answering(xray: &Recorder) -> (Invocation, Exchange) {
    let header = format!("Root={ROOT};Parent={PARENT};Sampled=1");
    let caller =
        CallerHeaders { trace_header: Some(header.as_bytes()), ..CallerHeaders::default() };
    let invocation = Invocation::begin(xray, &caller, "handler");
    assert!(invocation.answering().is_none(), "there is no request yet");
    let request = RequestHead::default();
    let exchange =
        Exchange::begin_in_function(invocation.entity(), &ServerPolicy::new(), &request, |_| ());
    let mut exchange = exchange.unwrap();
    exchange.respond(&ResponseHead { status: 200, ..ResponseHead::default() });
    (invocation, exchange)
}

const LEFT: Duration = Duration::from_millis(100);

#[test]
fn a_response_that_times_out_is_shown_once_and_replaced_by_a_complete_one() {
    let (xray, memory) = recorder();
    let (invocation, mut exchange) = answering(&xray);
    let answering = invocation.answering().unwrap();
    assert!(invocation.end(LEFT));
    // Another invocation beside it, which sends all that waits.
    assert!(xray.flush(LEFT));
    assert!(memory.take().is_empty(), "its end is waited for");
    answering.times_out(LEFT);
    answering.times_out(LEFT);
    let shown = memory.take();
    assert_eq!(shown.len(), 1);
    let (handler, request) = (&shown[0], &shown[0]["subsegments"][0]);
    assert_eq!([&handler["in_progress"], &handler["fault"], &request["in_progress"]], [true; 3]);
    let described = &handler["cause"]["exceptions"][0];
    assert_eq!(described["type"], "Timeout");
    assert_eq!(described["message"], "the response is not complete 100 ms before its deadline");

    exchange.finish();
    let complete = memory.take();
    assert_eq!(complete.len(), 1);
    assert_eq!(complete[0]["id"], handler["id"]);
    assert_eq!(complete[0]["subsegments"][0]["id"], request["id"]);
    let absent = ["in_progress", "fault", "cause"].map(|key| complete[0].get(key));
    assert_eq!(absent, [None; 3]);
}

#[test]
fn a_response_that_is_complete_does_not_time_out() {
    let (xray, memory) = recorder();
    let (invocation, mut exchange) = answering(&xray);
    let mut answered = pin!(invocation.answering().unwrap());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(answered.as_mut().poll(&mut cx).is_pending());
    invocation.end(LEFT);
    assert!(answered.as_mut().poll(&mut cx).is_pending());
    exchange.finish();
    assert_eq!(memory.take().len(), 1);
    assert!(answered.as_mut().poll(&mut cx).is_ready());
    drop(exchange);
    // Nor does what is recorded after it, in its place or another one.
    let running: Vec<_> = (0..8).map(|_| self::answering(&xray)).collect();
    let segments: Vec<_> = (0..8).map(|_| xray.begin_segment("other")).collect();
    answered.times_out(LEFT);
    assert!(memory.take().is_empty());
    assert!(answered.as_mut().poll(&mut cx).is_ready());
    drop((running, segments));
}
