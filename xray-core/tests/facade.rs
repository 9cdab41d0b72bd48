//! Under a segment that somebody else emits.

use serde_json::Value;
use xray_core::{
    Delivery, Entity, Recorder, TraceHeader, environment::Machine, testing::MemoryEmitter,
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
