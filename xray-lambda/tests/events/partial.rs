//! `partial_batch`: what is told to Lambda, and what is recorded.

use aws_lambda_events::event::sqs::{SqsEvent, SqsEventObj, SqsMessage};
use serde_json::{Value, json};
use xray_core::testing::Trees;
use xray_lambda::event::partial_batch;

use crate::stand::{FUNCTION, ROOT, SENDER, SENDERS_ROOT, Stand, event, id, sent};

/// What somebody's handler may fail with.
type Error = Box<dyn std::error::Error + Send + Sync>;

fn messages(text: &str, bodies: &[&str]) -> Vec<SqsMessage> {
    let like = event::<SqsEvent>(text).records.pop().expect("a message");
    let message = |(index, body): (usize, &&str)| {
        let mut message = like.clone();
        message.message_id = Some(format!("m{index}"));
        message.body = Some((*body).to_owned());
        message
    };
    bodies.iter().enumerate().map(message).collect()
}

async fn settle(message: &SqsMessage) -> Result<(), Error> {
    match message.body.as_deref() {
        Some("fail") => Err("out of stock".into()),
        Some("panic") => panic!("no such order"),
        Some("number") => Ok("x".parse::<u32>().map(drop)?),
        _ => Ok(()),
    }
}

/// Works on the messages beneath a sampled invocation: the response as Lambda gets it, and the documents.
fn worked(stand: &Stand, messages: &[SqsMessage]) -> (Value, Vec<Value>) {
    let (response, documents) = stand.invoked(true, async || {
        stand.consumer.partial_batch(messages, async |message, _| settle(message).await).await
    });
    (serde_json::to_value(response).expect("JSON"), documents)
}

fn failures(ids: &[&str]) -> Value {
    let failures: Vec<_> = ids.iter().map(|id| json!({"itemIdentifier": id})).collect();
    json!({"batchItemFailures": failures})
}

#[test]
fn those_that_failed_come_again() {
    let stand = Stand::new();
    let messages = event::<SqsEvent>(include_str!("sqs.json")).records;
    let (response, documents) = stand.invoked(true, async || {
        let work = async |message: &SqsMessage, _| match message.body.as_deref() {
            Some("pay") => Err("the card has expired"),
            _ => Ok(()),
        };
        stand.consumer.partial_batch(&messages, work).await
    });
    let response = serde_json::to_value(response).expect("JSON");
    assert_eq!(response, failures(&["059f36b4-87a3-44ab-83d2-661975830a7d"]));
    let exception = &documents[0]["cause"]["exceptions"][0];
    assert_eq!(exception["message"], "the card has expired");
    let cause = documents[0]["cause"].clone();
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
                "fault": true,
                "cause": cause,
            }),
            json!({
                "name": "my-queue",
                "id": documents[1]["id"],
                "type": "subsegment",
                "trace_id": ROOT,
                "parent_id": id(1),
                "aws": {"message_id": "2e1424d4-f796-459a-8184-9c92662be6da"},
            }),
            json!({
                "name": "my-queue batch",
                "id": id(1),
                "type": "subsegment",
                "trace_id": ROOT,
                "parent_id": FUNCTION,
                "fault": true,
                "annotations": {"batch_size": 2, "batch_failures": 1},
                "links": [
                    {"trace_id": SENDERS_ROOT, "id": SENDER},
                    {"trace_id": SENDERS_ROOT, "id": id(2)},
                ],
            }),
        ]
    );
}

#[test]
fn a_panic_fails_its_message_and_no_other_one() {
    let stand = Stand::new();
    let bodies = ["pay", "panic", "number", "ship"];
    let (response, documents) = worked(&stand, &messages(include_str!("sqs.json"), &bodies));
    assert_eq!(response, failures(&["m1", "m2"]));
    let trees = Trees::of(&documents).to_string();
    let (each, failed) = ("  my-queue\n", "  my-queue (fault)\n");
    assert_eq!(trees, format!("my-queue batch (fault)\n{each}{failed}{failed}{each}"));
    let message = |index: usize| &documents[index]["cause"]["exceptions"][0]["message"];
    assert_eq!(message(1), "no such order");
    assert_eq!(message(2), "invalid digit found in string");
}

#[test]
fn a_fifo_queue_keeps_its_order() {
    let stand = Stand::new();
    let bodies = ["pay", "fail", "ship", "panic"];
    let (response, documents) = worked(&stand, &messages(include_str!("sqs_fifo.json"), &bodies));
    assert_eq!(response, failures(&["m1", "m2", "m3"]));
    let trees = Trees::of(&documents);
    let outline = "fifo.fifo batch (fault)\n  fifo.fifo\n  fifo.fifo (fault)\n";
    assert_eq!(trees.to_string(), outline);
    assert_eq!(
        trees.get("fifo.fifo batch")["annotations"],
        json!({"batch_size": 4, "batch_failures": 1, "batch_skipped": 2})
    );
}

#[test]
fn nothing_failed_and_nothing_there() {
    let stand = Stand::new();
    let (response, documents) = worked(&stand, &messages(include_str!("sqs.json"), &["pay"]));
    assert_eq!(response, failures(&[]));
    let batch = &documents[1];
    assert_eq!(batch["annotations"], json!({"batch_size": 1, "batch_failures": 0}));
    assert!(batch.get("fault").is_none());

    let (response, documents) = worked(&stand, &[]);
    assert_eq!(response, failures(&[]));
    assert_eq!(documents[0]["name"], "batch");
}

#[test]
fn ids_that_are_twice_or_missing() {
    let stand = Stand::new();
    let mut messages = messages(include_str!("sqs.json"), &["fail", "pay", "fail"]);
    messages[1].message_id = messages[0].message_id.clone();
    messages[2].message_id = None;
    // By an empty identifier Lambda takes the whole batch for failed.
    assert_eq!(worked(&stand, &messages).0, failures(&["m0", ""]));
}

#[test]
fn ten_thousand_messages_of_which_every_tenth_fails() {
    let stand = Stand::new();
    let bodies: Vec<_> = (0..10_000).map(|n| if n % 10 == 0 { "fail" } else { "pay" }).collect();
    let mut messages = messages(include_str!("sqs.json"), &bodies);
    for (number, message) in messages.iter_mut().enumerate() {
        let header = format!("Root=1-5759e988-{:024x};Parent={};Sampled=1", number + 1, SENDER);
        message.attributes.insert("AWSTraceHeader".to_owned(), header);
    }
    let (response, documents) = worked(&stand, &messages);
    assert_eq!(response["batchItemFailures"].as_array().map(Vec::len), Some(1000));
    assert_eq!(documents.len(), 10_001);
    let batch = documents.last().expect("the batch");
    assert_eq!(batch["annotations"], json!({"batch_size": 10_000, "batch_failures": 1000}));
    assert_eq!(batch["links"].as_array().map(Vec::len), Some(100));
}

#[test]
fn bodies_of_your_own_type_and_a_future_that_is_sent() {
    #[derive(serde::Deserialize, serde::Serialize)]
    struct Order {
        number: u64,
    }
    let text = include_str!("sqs.json");
    let text = text.replace("\"pay\"", r#""{\"number\": 7}""#);
    let event: SqsEventObj<Order> = event(&text.replace("\"ship\"", r#""{\"number\": 8}""#));
    let stand = Stand::new();
    let (response, _) = stand.done(sent(async {
        let most = std::sync::atomic::AtomicU64::new(7);
        partial_batch(&event.records, async |message, _| {
            std::future::ready(()).await;
            let most = most.load(std::sync::atomic::Ordering::Relaxed);
            if message.body.number > most { Err(std::fmt::Error) } else { Ok(()) }
        })
        .await
    }));
    assert_eq!(response.batch_item_failures.len(), 1);
}
