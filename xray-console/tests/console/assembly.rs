//! How documents become traces and a service graph, in whatever order they come.

use crate::support::{TRACE, edges, node, receive, segment, subsegment};
use serde_json::{Value, json};
use xray_console::{Class, Console, Window};

/// `web` calls `orders` through the subsegment 2; `orders` asks a database.
fn chain() -> Vec<Value> {
    let call = subsegment(2, "orders.internal", json!({"namespace": "remote"}));
    let query = subsegment(
        4,
        "orders@db",
        json!({"namespace": "remote", "sql": {"sanitized_query": "SELECT 1"}}),
    );
    vec![
        segment(1, "web", json!({"subsegments": [call]})),
        segment(3, "orders", json!({"parent_id": "0000000000000002"})),
        {
            let mut query = query;
            query["type"] = json!("subsegment");
            query["trace_id"] = json!(TRACE);
            query["parent_id"] = json!("0000000000000003");
            query
        },
    ]
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let documents = chain();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let console = Console::builder().build();
        for index in order {
            receive(&console, &documents[index..=index]);
            // Whoever looks in between does not change the end, and sees no client but the one there is.
            let ghosts = edges(&console.graph(Window::All));
            assert!(!ghosts.iter().any(|(name, _)| name == "client → orders"), "{order:?}");
            let trace = &console.traces(1)[0];
            assert!(trace.name == "web" || trace.in_progress, "{order:?}: {trace:?}");
        }
        let graph = console.graph(Window::All);
        let expected = [("client → web", 1), ("orders → orders@db", 1), ("web → orders", 1)];
        assert_eq!(
            edges(&graph),
            expected.map(|(name, count)| (name.to_owned(), count)),
            "{order:?}"
        );
        assert!(node(&graph, "orders@db", Some("Database::SQL")).is_some());
        assert!(node(&graph, "orders.internal", Some("remote")).is_none(), "the callee answered");
        assert_eq!(console.traces(10)[0].spans, 4);
    }
}

#[test]
fn a_late_callee_replaces_the_inferred_node() {
    let console = Console::builder().build();
    let documents = chain();
    receive(&console, &documents[..1]);
    let graph = console.graph(Window::All);
    assert_eq!(node(&graph, "orders.internal", Some("remote")).unwrap().stats.total, 1);
    receive(&console, &documents[1..2]);
    let graph = console.graph(Window::All);
    assert!(node(&graph, "orders.internal", Some("remote")).is_none());
    assert_eq!(node(&graph, "orders", None).unwrap().stats.total, 1);
}

#[test]
fn a_traced_call_waits_for_its_callee() {
    let console = Console::builder().build();
    for (id, with) in
        [(2, json!({"http": {"request": {"traced": true}}})), (3, json!({"traced": true}))]
    {
        let mut call = subsegment(id, "later", with);
        call["namespace"] = json!("remote");
        receive(&console, &[segment(id + 10, "web", json!({"subsegments": [call]}))]);
    }
    assert!(node(&console.graph(Window::All), "later", Some("remote")).is_none());
}

#[test]
fn resources_of_aws_are_named_after_themselves() {
    let aws =
        |id, name: &str, aws: Value| subsegment(id, name, json!({"namespace": "aws", "aws": aws}));
    let calls = [
        aws(2, "DynamoDB", json!({"table_name": "ledger", "operation": "PutItem"})),
        aws(3, "SQS", json!({"queue_url": "https://sqs/1/outbox"})),
        aws(4, "Lambda", json!({"function_name": "resize"})),
        aws(5, "SNS", json!({})),
        subsegment(6, "local work", json!({})),
    ];
    let console = Console::builder().build();
    receive(
        &console,
        &[segment(1, "web", json!({"origin": "AWS::EC2::Instance", "subsegments": calls}))],
    );
    let graph = console.graph(Window::All);
    let mut nodes: Vec<_> = graph
        .nodes
        .iter()
        .map(|node| (node.name.as_str(), node.kind.as_deref().unwrap()))
        .collect();
    nodes.sort_unstable();
    assert_eq!(
        nodes,
        [
            ("SNS", "AWS::SNS"),
            ("https://sqs/1/outbox", "AWS::SQS::Queue"),
            ("ledger", "AWS::DynamoDB::Table"),
            ("resize", "AWS::Lambda"),
            ("web", "AWS::EC2::Instance"),
            ("web", "client"),
        ]
    );
}

#[test]
fn a_queue_stays_between_those_who_send_and_those_who_receive() {
    let sqs = |id, with| {
        let mut call =
            subsegment(id, "SQS", json!({"namespace": "aws", "aws": {"queue_url": "outbox"}}));
        call["end_time"] = with;
        call
    };
    let sender = segment(
        1,
        "web",
        json!({"subsegments": [sqs(2, json!(1_461_096_053.5)), sqs(3, json!(1_461_096_053.5))]}),
    );
    let receiver = segment(
        4,
        "worker",
        json!({"parent_id": "0000000000000002", "fault": true, "subsegments": [sqs(5, json!(1_461_096_053.25))]}),
    );
    for order in [[&sender, &receiver], [&receiver, &sender]] {
        let console = Console::builder().build();
        receive(&console, &order.map(Clone::clone));
        let graph = console.graph(Window::All);
        let expected = [
            ("client → web", 1),
            ("outbox → worker", 1),
            ("web → outbox", 2),
            ("worker → outbox", 1),
        ];
        assert_eq!(edges(&graph), expected.map(|(name, count)| (name.to_owned(), count)));
        let queue = node(&graph, "outbox", Some("AWS::SQS::Queue")).unwrap();
        assert_eq!((queue.stats.total, queue.stats.fault), (3, 0), "what the callers saw");
        assert_eq!(node(&graph, "worker", None).unwrap().stats.fault, 1);
    }
}

#[test]
fn complete_replaces_in_progress_and_never_the_reverse() {
    let open = segment(1, "web", json!({"end_time": null, "in_progress": true}));
    let done = segment(1, "web", json!({"fault": true}));
    for order in [[&open, &done], [&done, &open]] {
        let console = Console::builder().build();
        receive(&console, &order.map(Clone::clone));
        let trace = &console.traces(1)[0];
        assert_eq!(
            (trace.class, trace.in_progress, trace.response_time),
            (Class::Fault, false, Some(1.0))
        );
        assert_eq!(console.status().documents, 1);
    }
    let console = Console::builder().build();
    receive(&console, &[done.clone(), done, open]);
    assert_eq!(console.status().duplicates, 2);
    assert_eq!(node(&console.graph(Window::All), "web", None).unwrap().stats.total, 1);
}

#[test]
fn a_child_in_progress_gives_way_to_its_own_document() {
    let child = subsegment(2, "slow", json!({"end_time": null, "in_progress": true}));
    let mut straggler =
        segment(2, "slow", json!({"type": "subsegment", "parent_id": "0000000000000001"}));
    straggler["end_time"] = json!(1_461_096_060.0);
    let console = Console::builder().build();
    receive(&console, &[segment(1, "web", json!({"subsegments": [child]})), straggler]);
    let trace = &console.traces(1)[0];
    assert_eq!((trace.spans, trace.in_progress, trace.duration), (2, false, 7.0));
}

#[test]
fn parents_in_a_ring_and_orphans_are_shown_once() {
    let child = |id: u64, parent: u64| {
        segment(id, "loop", json!({"type": "subsegment", "parent_id": format!("{parent:016x}")}))
    };
    let console = Console::builder().build();
    receive(
        &console,
        &[
            child(1, 2),
            child(2, 1),
            child(3, 3),
            child(4, 99),
            segment(5, "self", json!({"parent_id": "0000000000000005"})),
        ],
    );
    assert_eq!(console.traces(1)[0].spans, 5);
}

#[test]
fn the_oldest_traces_leave_first() {
    let limit = 200_000;
    let console = Console::builder().max_bytes(limit).build();
    let total: u32 = 500;
    for number in 0..total {
        let trace = format!("1-5759e988-{number:024x}");
        let metadata = json!({"default": {"filler": "x".repeat(2_000)}});
        receive(&console, &[segment(1, "web", json!({"trace_id": trace, "metadata": metadata}))]);
    }
    let status = console.status();
    assert!(status.bytes <= limit, "{} bytes", status.bytes);
    assert!(status.traces > 10);
    assert_eq!(status.traces as u64 + status.evicted, u64::from(total));
    let kept = console.traces(usize::MAX);
    assert_eq!(kept.len(), status.traces);
    assert_eq!(kept[0].id, format!("1-5759e988-{:024x}", total - 1));
    // What left is no longer in the sums either.
    assert_eq!(
        node(&console.graph(Window::All), "web", None).unwrap().stats.total,
        status.traces as u64
    );
}

#[test]
fn one_endless_trace_stays_within_the_bytes() {
    let limit = 300_000;
    let console = Console::builder().max_bytes(limit).build();
    for id in 1..5_000 {
        receive(&console, &[segment(id, "web", json!({}))]);
    }
    assert!(console.status().bytes <= limit);
}
