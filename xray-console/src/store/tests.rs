//! What only the passing of time brings about, with the time given.

use std::time::{Duration, Instant};

use super::patience::GRACE;
use super::{Store, TraceSummary, View, wall_clock};
use crate::Class;
use crate::document::Document;
use crate::filter::Filter;
use crate::graph::ServiceGraph;
use crate::store::Window;

const SOON: Duration = Duration::from_secs(1);

fn store(bodies: &[&str]) -> Store {
    let mut store = Store::new(1 << 20);
    bodies.iter().for_each(|body| insert(&mut store, body));
    store
}

fn insert(store: &mut Store, body: &str) {
    let trace = r#""trace_id":"1-5759e988-bd862e3fe1be46a994272793","start_time":1,"end_time":2"#;
    let body = format!("{{{trace},{body}}}");
    store.insert(Document::parse(body.as_bytes()).unwrap());
}

fn after(store: &mut Store, time: Duration) -> (ServiceGraph, TraceSummary) {
    store.settle_at(Instant::now() + time, wall_clock());
    (store.graph(Window::All), store.latest(1).remove(0))
}

fn names(graph: &ServiceGraph) -> Vec<String> {
    let name = |node: &crate::Node| format!("{} {}", node.name, node.kind.as_deref().unwrap_or(""));
    graph.nodes.iter().map(name).collect()
}

const CALLEE: &str =
    r#""name":"orders","id":"0000000000000003","parent_id":"0000000000000002","fault":true"#;

#[test]
fn a_segment_waits_for_its_caller_before_it_counts_as_the_first() {
    let mut store = store(&[CALLEE]);
    let (graph, summary) = after(&mut store, SOON);
    assert_eq!(names(&graph), ["orders "]);
    assert!(summary.in_progress && summary.is_open(), "{summary:?}");
    assert_eq!((summary.name.as_str(), summary.worst), ("orders", Class::Fault));
    let faults = Filter::parse("fault").unwrap();
    let matches = |store: &Store| faults.matches(&View::of(store.newest_first().next().unwrap()));
    assert!(!matches(&store));

    let revision = store.revision();
    let (graph, summary) = after(&mut store, GRACE + SOON);
    assert!(store.revision() > revision, "pages hear of it");
    assert_eq!(names(&graph), ["orders ", "orders client"]);
    assert_eq!((summary.in_progress, summary.class), (false, Class::Fault));
    assert!(matches(&store));

    let revision = store.revision();
    after(&mut store, GRACE * 3);
    assert_eq!(store.revision(), revision, "nothing is waited for any more");
}

#[test]
fn a_caller_that_comes_is_the_first() {
    let call = r#"{"name":"orders.internal","id":"0000000000000002","start_time":1,"end_time":2,"namespace":"remote"}"#;
    let caller = format!(r#""name":"web","id":"0000000000000001","subsegments":[{call}]"#);
    let mut store = store(&[CALLEE, &caller]);
    for time in [SOON, GRACE + SOON] {
        let (graph, summary) = after(&mut store, time);
        assert_eq!(names(&graph), ["orders ", "web ", "web client"]);
        assert_eq!((summary.name.as_str(), summary.in_progress), ("web", false));
    }
}

#[test]
fn parts_sent_ahead_of_their_segment_are_not_taken_for_it() {
    let part = r#""name":"query","id":"0000000000000002","parent_id":"0000000000000001","type":"subsegment""#;
    let mut store = store(&[part]);
    assert!(after(&mut store, SOON).1.is_open());
    assert!(!after(&mut store, GRACE + SOON).1.is_open());
}

#[test]
fn the_caller_may_be_far_slower_than_the_grace() {
    let first = r#""name":"a","id":"0000000000000004","parent_id":"0000000000000002""#;
    let mut store = store(&[first]);
    let (graph, _) = after(&mut store, GRACE + SOON);
    assert_eq!(names(&graph), ["a ", "a client"]);
    insert(&mut store, r#""name":"web","id":"0000000000000002""#);
    let (graph, _) = after(&mut store, GRACE + SOON);
    assert_eq!(names(&graph), ["a ", "web ", "web client"]);
}

#[test]
fn a_silent_callee_is_inferred_when_the_wait_is_over() {
    let call = |with: &str| {
        format!(
            r#""name":"web","id":"0000000000000001","subsegments":[{{"name":"later","id":"0000000000000002","start_time":1,"namespace":"remote",{with}}}]"#
        )
    };
    for (with, silent) in [(r#""end_time":2,"traced":true"#, 1), (r#""in_progress":true"#, 0)] {
        let mut store = store(&[&call(with)]);
        assert_eq!(names(&after(&mut store, SOON).0), ["web ", "web client"], "{with}");
        let (graph, _) = after(&mut store, GRACE + SOON);
        assert_eq!(names(&graph), ["later remote", "web ", "web client"], "{with}");
        assert_eq!(graph.nodes[0].silent, silent);
    }
}

#[test]
fn nothing_waits_for_a_trace_that_has_left() {
    let mut store = store(&[CALLEE]);
    store.settle_at(Instant::now(), wall_clock());
    assert_eq!((store.len(), store.waiting.len()), (1, 1));
    store.max_bytes = 0;
    store.make_room();
    assert_eq!((store.len(), store.waiting.len()), (0, 0));
}

#[test]
fn filters_know_the_queue_between_sender_and_receiver() {
    let mut store = store(&[
        r#""name":"web","id":"0000000000000001","subsegments":[{"name":"SQS","id":"0000000000000002",
           "start_time":1,"end_time":2,"namespace":"aws","aws":{"queue_url":"outbox"}}]"#,
        r#""name":"worker","id":"0000000000000003","parent_id":"0000000000000002""#,
    ]);
    after(&mut store, SOON);
    for (filter, expected) in [
        (r#"edge("web", "outbox")"#, true),
        (r#"edge("outbox", "worker")"#, true),
        (r#"edge("web", "worker")"#, false),
    ] {
        let matches =
            Filter::parse(filter).unwrap().matches(&View::of(store.newest_first().next().unwrap()));
        assert_eq!(matches, expected, "{filter}");
    }
}
