//! `trace_each` and `batch`: which trace the work on a record is in.

use aws_lambda_events::event::{eventbridge::EventBridgeEvent, sns::SnsEvent, sqs::SqsEvent};
use serde_json::{Value, json};
use xray_core::Entity;
use xray_lambda::event::{Consumer, Record, batch, trace_each};

use crate::stand::{FUNCTION, ROOT, SENDER, SENDERS_ROOT, Stand, event, id, sent};

fn header(root: &str, sampled: &str) -> Value {
    json!({"traceHeader": format!("Root={root};Parent={SENDER}{sampled}"), "order": 7})
}

/// What a call made by the work would carry.
async fn sends(entity: Entity) -> String {
    entity.trace_header().map(|header| header.to_string()).unwrap_or_default()
}

/// A subsegment of the invocation.
fn beneath(name: &str, id: &str, message: Option<&str>) -> Value {
    let mut document = json!({
        "name": name,
        "id": id,
        "type": "subsegment",
        "trace_id": ROOT,
        "parent_id": FUNCTION,
    });
    if let Some(message) = message {
        document["aws"] = json!({"message_id": message});
    }
    document
}

#[test]
fn each_message_goes_on_with_its_senders_trace() {
    let stand = Stand::new();
    let messages = event::<SqsEvent>(include_str!("sqs.json")).records;
    let (sent, documents) = stand.invoked(true, async || {
        let handler = Entity::current().subsegment("handler");
        let trace = async || {
            let mut sent = Vec::new();
            for message in &messages {
                sent.push(stand.consumer.trace_each(message, sends).await);
            }
            sent
        };
        handler.scope(trace()).await
    });
    assert_eq!(
        sent,
        [
            format!("Root={SENDERS_ROOT};Parent={};Sampled=1", id(2)),
            format!("Root={ROOT};Parent={};Sampled=1", id(3)),
        ]
    );
    let mut second = beneath("my-queue", &id(3), Some("2e1424d4-f796-459a-8184-9c92662be6da"));
    second["parent_id"] = json!(id(1));
    let mut handler = beneath("handler", &id(1), None);
    handler["links"] = json!([{"trace_id": SENDERS_ROOT, "id": id(2)}]);
    assert_eq!(
        documents,
        [
            json!({
                "name": "orders-consumer",
                "id": id(2),
                "trace_id": SENDERS_ROOT,
                "parent_id": SENDER,
                "origin": "AWS::Lambda::Function",
                "aws": {"message_id": "059f36b4-87a3-44ab-83d2-661975830a7d"},
                "links": [{"trace_id": ROOT, "id": id(1)}],
            }),
            second,
            handler,
        ]
    );
}

#[test]
fn the_senders_decision_counts_and_else_the_invocations() {
    let other = "1-5759e988-000000000000000000000001";
    for (invocation, sender, recorded) in [
        (true, ";Sampled=0", None),
        (false, ";Sampled=1", Some(other)),
        (true, "", Some(other)),
        (true, ";Sampled=?", Some(other)),
        (false, "", None),
        (false, ";Sampled=?", None),
    ] {
        let stand = Stand::new();
        let (sent, documents) = stand.invoked(invocation, async || {
            stand.consumer.trace_each(&header(other, sender), sends).await
        });
        let roots: Vec<_> = documents.iter().map(|document| &document["trace_id"]).collect();
        assert_eq!(roots, Vec::from_iter(recorded), "{invocation} {sender}");
        assert!(sent.starts_with(&format!("Root={other};")), "{sent}");
        assert_eq!(sent.ends_with(";Sampled=1"), recorded.is_some(), "{sent}");
    }
}

#[test]
fn lambda_counts_loops_on_in_the_senders_trace() {
    let other = "1-5759e988-000000000000000000000001";
    let counted = "Lineage=2:5c2d3b7a:1";
    for invocation in
        [";Parent=5fa58e7a2d3f4c11;Sampled=1", ";Parent=5fa58e7a2d3f4c11;Sampled=0", ""]
    {
        for sender in [";Sampled=1;Lineage=1:5c2d3b7a:1", ";Sampled=0;Lineage=1:5c2d3b7a:1", ""] {
            let stand = Stand::new();
            let invocation = format!("Root={ROOT}{invocation};{counted}");
            let (sent, _) = stand.invoked_with(&invocation, async || {
                stand.consumer.trace_each(&header(other, sender), sends).await
            });
            assert!(sent.starts_with(&format!("Root={other};")), "{sent}");
            assert!(sent.ends_with(&format!(";{counted}")), "{invocation} {sender}: {sent}");
        }
    }
    // Where Lambda says none, the sender's goes on.
    let stand = Stand::new();
    let message = header(other, ";Sampled=1;Lineage=1:5c2d3b7a:1");
    let (sent, _) = stand.invoked(true, async || stand.consumer.trace_each(&message, sends).await);
    assert!(sent.ends_with(";Sampled=1;Lineage=1:5c2d3b7a:1"), "{sent}");
}

#[test]
fn what_carries_no_other_trace_belongs_to_the_invocation() {
    let notification = &event::<SnsEvent>(include_str!("sns.json")).records[0];
    let change = event::<EventBridgeEvent>(include_str!("eventbridge.json"));
    let execution = header(ROOT, ";Sampled=1");
    let stand = Stand::new();
    let (_, documents) = stand.invoked(true, async || {
        stand.consumer.trace_each(notification, async |_| ()).await;
        stand.consumer.trace_each(&change, async |_| ()).await;
        stand.consumer.trace_each(&execution, async |_| ()).await;
    });
    assert_eq!(
        documents,
        [
            beneath("sns-lambda", &id(1), Some("95df01b4-ee98-5cb9-9903-4c221d41eb5e")),
            beneath(
                "EC2 Instance State-change Notification",
                &id(2),
                Some("6a7e8feb-b491-4cf7-a9f1-bf3703467718"),
            ),
            beneath("execution", &id(3), None),
        ]
    );
}

#[test]
fn malformed_headers_count_as_none() {
    for malformed in [
        json!(null),
        json!("a text"),
        json!({"traceHeader": {"Root": SENDERS_ROOT}}),
        json!({"traceHeader": "\u{0};=;Root=1-zzz;Parent=53995c3f42cd8ad8;Sampled=1"}),
        json!({"traceHeader": "x".repeat(1 << 20)}),
    ] {
        let stand = Stand::new();
        let (_, documents) =
            stand.invoked(true, async || stand.consumer.trace_each(&malformed, async |_| ()).await);
        assert_eq!(documents, [beneath("execution", &id(1), None)]);
    }
}

#[test]
fn a_batch_is_one_subsegment_with_a_link_to_each_sender() {
    let stand = Stand::new();
    let mut messages = event::<SqsEvent>(include_str!("sqs.json")).records;
    messages.push(messages[0].clone());
    let (seen, documents) = stand.invoked(true, async || {
        stand.consumer.batch(&messages, async |batch| batch.id().to_string()).await
    });
    assert_eq!(seen, id(1));
    let mut batch = beneath("my-queue batch", &id(1), None);
    batch["links"] = json!([{"trace_id": SENDERS_ROOT, "id": SENDER}]);
    assert_eq!(documents, [batch]);

    let (sent, documents) =
        stand.invoked(false, async || stand.consumer.batch(&messages, sends).await);
    assert_eq!(sent, format!("Root={ROOT};Parent={FUNCTION};Sampled=0"));
    assert_eq!(documents, [json!(null); 0]);
}

#[test]
fn without_an_invocation_there_is_a_segment() {
    let stand = Stand::new();
    let messages = event::<SqsEvent>(include_str!("sqs.json")).records;
    let (_, documents) = stand.done(async {
        stand.consumer.trace_each(&messages[1], async |_| ()).await;
        stand.consumer.clone().name("worker").batch(&messages, async |_| ()).await;
    });
    let names: Vec<_> = documents.iter().map(|document| &document["name"]).collect();
    assert_eq!(names, ["orders-consumer", "worker"]);
    assert_eq!(documents[1]["links"], json!([{"trace_id": SENDERS_ROOT, "id": SENDER}]));
}

#[test]
fn without_a_recorder_the_work_is_done() {
    let stand = Stand::new();
    let message = header(SENDERS_ROOT, ";Sampled=1");
    let messages = [message.clone()];
    let (sum, documents) = stand.done(sent(async {
        let seven = trace_each(&message, async |_| {
            std::future::ready(()).await;
            message["order"].as_u64()
        });
        let one = batch(&messages, async |_| {
            std::future::ready(()).await;
            messages.len() as u64
        });
        seven.await.unwrap_or_default() + one.await
    }));
    assert_eq!((sum, documents), (8, vec![]));
    // A layer with a recorder of its own is enough for subsegments.
    let (_, documents) =
        stand.invoked(true, async || Consumer::new().trace_each(&message, async |_| ()).await);
    assert_eq!(documents, [beneath("execution", &id(1), None)]);
}

#[test]
fn a_panic_is_recorded_and_goes_on() {
    let stand = Stand::new();
    let message = header(SENDERS_ROOT, ";Sampled=1");
    let traced = std::panic::AssertUnwindSafe(|| {
        stand.invoked(true, async || {
            stand.consumer.trace_each(&message, async |_| panic!("no such order")).await;
        })
    });
    assert!(std::panic::catch_unwind(traced).is_err());
    let (_, documents) = stand.done(async {});
    assert_eq!(documents[0]["fault"], true);
    assert_eq!(documents[0]["cause"]["exceptions"][0]["message"], "no such order");
}

#[test]
fn inputs_of_your_own_carry_a_trace_too() {
    struct Order(String);
    impl Record for Order {
        fn header_text(&self) -> Option<&str> {
            Some(&self.0)
        }
    }
    let stand = Stand::new();
    let order = Order(format!("Root={SENDERS_ROOT};Parent={SENDER};Sampled=1"));
    let (_, documents) =
        stand.invoked(true, async || stand.consumer.trace_each(&order, async |_| ()).await);
    assert_eq!(documents[0]["parent_id"], SENDER);
}
