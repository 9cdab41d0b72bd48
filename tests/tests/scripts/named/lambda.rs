//! 14, as far as it is the core's: the file that Lambda waits for is touched by the crate for its
//! runtime, which has a test of its own.

use serde_json::Value;
use xray_core::environment::Machine;
use xray_core::{Recorder, TraceHeader};

use super::{PARENT, ROOT};
use crate::drivers::Inbox;

#[test]
fn lambda() {
    let inbox = Inbox::open();
    let folder = std::env::temp_dir();
    let recorder = Recorder::builder("function")
        // A machine without any variables: the test's own may have some.
        .machine(Machine::with_root(folder))
        .daemon(inbox.address())
        .streaming_threshold(0)
        .build()
        .expect("a good address");
    let header = format!("Root={ROOT};Parent={PARENT};Sampled=1;Lineage=10:1234abcd:3");
    let invocation = recorder.facade(&TraceHeader::parse(&header));
    let outer = invocation.subsegment("outer");
    let inner = outer.subsegment("inner");
    let downstream = inner.trace_header().expect("a header").to_string();
    assert!(downstream.ends_with(";Lineage=10:1234abcd:3"), "{downstream}");
    let outer_id = outer.id().to_string();
    inner.end();
    outer.end();

    let passing = format!("Root={ROOT};Lineage=10:1234abcd:3");
    let next = recorder.facade(&TraceHeader::parse(&passing));
    let work = next.subsegment("work");
    assert_eq!(work.trace_header().expect("a header").to_string(), passing);
    work.end();

    assert!(recorder.flush(xray_tests::DEADLINE));
    let (documents, _) = inbox.close();
    let field = |key: &str| documents.iter().map(|one| one[key].clone()).collect::<Vec<Value>>();
    assert_eq!(field("name"), ["inner", "outer"]);
    assert_eq!(field("parent_id"), [&*outer_id, PARENT]);
    assert_eq!(field("trace_id"), [ROOT, ROOT]);
    assert_eq!(field("type"), ["subsegment", "subsegment"]);
}
