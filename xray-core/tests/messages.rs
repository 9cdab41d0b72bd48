//! Work on messages that came with a trace, or with what claims to be one.

use futures_util::FutureExt;
use serde_json::{Value, json};
use xray_core::{
    Delivery, Entity, Recorder,
    document::MAX_LINKS,
    message::{Consumer, Message, Senders},
    sample::LocalRules,
    testing::{MemoryEmitter, TestIds},
};

const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
const PARENT: &str = "53995c3f42cd8ad8";

fn consumer() -> (Consumer, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let xray = Recorder::builder("worker")
        .emitter(memory.clone())
        .delivery(Delivery::Inline)
        .sampling_rules(LocalRules::everything())
        .ids(&TestIds::new())
        .build();
    (Consumer::with(xray.expect("a recorder")), memory)
}

fn header(sampled: &str) -> String {
    format!("Root={ROOT};Parent={PARENT}{sampled}")
}

/// Work that never waits.
fn done<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().expect("it is done at once")
}

fn links(memory: &MemoryEmitter) -> Value {
    memory.take()[0]["links"].take()
}

#[test]
fn a_batch_links_to_each_sender_once() {
    let (consumer, memory) = consumer();
    let other = header(";Sampled=1").replace(PARENT, "53995c3f42cd8ad9");
    let headers = [
        Some(header(";Sampled=1")),
        None,
        Some(other),
        Some(header("")),
        Some("Root=1-zzz;Parent=53995c3f42cd8ad8;Sampled=1".to_owned()),
        Some(format!("Root={ROOT};Sampled=1")),
    ];
    done(consumer.batch(&headers, async |_| ()));
    let link = |id: &str| json!({"trace_id": ROOT, "id": id});
    assert_eq!(links(&memory), json!([link(PARENT), link("53995c3f42cd8ad9")]));
}

#[test]
fn a_sender_that_is_not_recorded_has_no_link() {
    let (consumer, memory) = consumer();
    let senders = Senders::of([header(";Sampled=0")]);
    assert!(!senders.is_sampled());
    done(consumer.batch([header(";Sampled=0"), header(";Sampled=?")], async |_| ()));
    assert_eq!(links(&memory), json!([{"trace_id": ROOT, "id": PARENT}]));
}

#[test]
fn ten_thousand_senders_have_as_many_links_as_a_trace_may_have() {
    let (consumer, memory) = consumer();
    let headers = (1..=10_000).map(|id| format!("Root={ROOT};Parent={id:016x};Sampled=1"));
    done(consumer.batch(headers, async |_| ()));
    let links = links(&memory);
    assert_eq!(links.as_array().map(Vec::len), Some(MAX_LINKS));
    assert_eq!(links[99], json!({"trace_id": ROOT, "id": "0000000000000064"}));
}

#[test]
fn a_header_of_a_megabyte_is_read_and_not_kept() {
    let (consumer, memory) = consumer();
    let long = format!("{};Other={}", header(";Sampled=1"), "x".repeat(1 << 20));
    let sent = done(consumer.trace_each(long, async |segment: Entity| {
        segment.trace_header().expect("a trace").to_string()
    }));
    assert_eq!(sent, format!("Root={ROOT};Parent={};Sampled=1", "0000000000000001"));
    assert_eq!(memory.take()[0]["parent_id"], PARENT);
}

#[test]
fn what_is_absent_begins_a_trace() {
    let (consumer, memory) = consumer();
    for absent in [None, Some("".to_owned()), Some("\u{0};=;Root".to_owned())] {
        assert!(!absent.is_sampled());
        done(consumer.trace_each(&absent, async |_| ()));
        let document = &memory.take()[0];
        assert!(document["trace_id"] != ROOT && document.get("parent_id").is_none());
    }
}
