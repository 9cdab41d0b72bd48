//! The trace in messages, and those who continue it.

use aws_sdk_sqs::types::{
    Message, MessageSystemAttributeName, MessageSystemAttributeNameForSends,
    MessageSystemAttributeValue, SendMessageBatchRequestEntry,
};
use serde_json::{Value, json};
use xray_aws::{Consumer, Message as _};

use crate::stand::Stand;

async fn queue(sqs: &aws_sdk_sqs::Client) -> String {
    let made = sqs.create_queue().queue_name("q").send().await.expect("a queue");
    made.queue_url().expect("a url").to_owned()
}

async fn receive(sqs: &aws_sdk_sqs::Client, queue: &str) -> Vec<Message> {
    let request = sqs.receive_message().queue_url(queue).max_number_of_messages(10);
    let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
    request.send().await.expect("an answer").messages.unwrap_or_default()
}

fn header(message: &Message) -> String {
    message.attributes().trace_header().to_string()
}

#[tokio::test]
async fn a_message_carries_the_trace_to_its_consumer() {
    let stand = Stand::start().await;
    let sqs = stand.sqs();
    let queue = queue(&sqs).await;
    let send = sqs.send_message().queue_url(&queue).message_body("größer \"{}\"");
    let (_, sent) = stand.record(async || send.send().await.expect("it is sent")).await;
    let (root, call) = (&sent[0]["trace_id"], &sent[0]["subsegments"][0]);
    let (root, id) = (root.as_str().expect("a trace"), call["id"].as_str().expect("an id"));
    assert_eq!(call["aws"]["message_id"].as_str().map(str::len), Some(36));

    let messages = receive(&sqs, &queue).await;
    assert_eq!(messages[0].body(), Some("größer \"{}\""));
    assert_eq!(header(&messages[0]), format!("Root={root};Parent={id};Sampled=1"));
    assert!(messages[0].attributes().is_sampled());

    let consumer = Consumer::with(&stand.xray).name("worker");
    let length = consumer
        .trace_each(messages[0].attributes(), async |segment| {
            segment.annotate("seen", true);
            messages[0].body().map_or(0, str::len)
        })
        .await;
    assert_eq!(length, 13);
    let document = &stand.documents()[0];
    let continued = [&document["name"], &document["trace_id"], &document["parent_id"]];
    assert_eq!(continued, ["worker", root, id]);
    assert_eq!(document["annotations"], json!({"seen": true}));
}

#[tokio::test]
async fn each_of_a_batch_does_and_what_you_have_set_stays() {
    let stand = Stand::start().await;
    let sqs = stand.sqs();
    let queue = queue(&sqs).await;
    let theirs = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";
    let attribute = MessageSystemAttributeValue::builder().data_type("String").string_value(theirs);
    let attribute = attribute.build().expect("complete");
    let entry = |id: &str| {
        let entry = SendMessageBatchRequestEntry::builder().id(id).message_body("m");
        if id != "c" {
            return entry.build().expect("complete");
        }
        let name = MessageSystemAttributeNameForSends::AwsTraceHeader;
        entry.message_system_attributes(name, attribute.clone()).build().expect("complete")
    };
    let entries = ["a", "b", "c"].map(entry).to_vec();
    let send = sqs.send_message_batch().queue_url(&queue).set_entries(Some(entries));
    let (_, sent) = stand.record(async || send.send().await.expect("it is sent")).await;
    let (root, call) = (&sent[0]["trace_id"], &sent[0]["subsegments"][0]);
    assert_eq!(
        (&call["aws"]["message_count"], &call["aws"]["successful_count"]),
        (&json!(3), &json!(3))
    );
    let (root, id) = (root.as_str().expect("a trace"), call["id"].as_str().expect("an id"));
    let ours = format!("Root={root};Parent={id};Sampled=1");
    // moto keeps the attribute of single messages only, so what is sent has to tell.
    let body: Value = serde_json::from_slice(&stand.proxy.take()[1].body).expect("JSON");
    let entries = body["Entries"].as_array().expect("a list");
    let headers: Vec<_> = entries
        .iter()
        .map(|entry| &entry["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"])
        .collect();
    assert_eq!(headers, [&ours, &ours, theirs]);
    assert_eq!(receive(&sqs, &queue).await.len(), 3);

    // One segment for all, in a trace of its own.
    let headers = headers.iter().map(|header| header.as_str());
    let count = Consumer::with(&stand.xray).batch(headers, async |_| 3).await;
    assert_eq!(count, 3);
    let document = &stand.documents()[0];
    assert_eq!(document["name"], "orders");
    assert!(document["trace_id"] != root && document.get("parent_id").is_none());
    // The third sender's trace is not recorded.
    assert_eq!(document["links"], json!([{"trace_id": root, "id": id}]));
}

#[tokio::test]
async fn the_senders_decision_counts() {
    let stand = Stand::start().await;
    let consumer = Consumer::with(&stand.xray);
    let recorded = async |header: Option<&str>| {
        consumer.trace_each(header, async |segment| segment.is_sampled()).await
    };
    assert!(!recorded(Some("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")).await);
    assert!(recorded(None).await);
    assert!(recorded(Some("nonsense;;=\u{0}")).await);
    assert_eq!(stand.documents().len(), 2);

    let rules = r#"{"version": 2, "default": {"fixed_target": 0, "rate": 0}, "rules": []}"#;
    let (xray, memory) = crate::stand::recorder(rules.parse().expect("rules"));
    let consumer = Consumer::with(xray);
    let one = |sampled: &str| {
        format!(
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled={sampled}"
        )
    };
    consumer.batch([one("0"), one("0")], async |_| ()).await;
    assert_eq!(memory.take(), [Value::Null; 0]);
    consumer.batch([one("0"), one("1")], async |_| ()).await;
    assert_eq!(memory.take()[0]["links"].as_array().map(Vec::len), Some(1));
    let panicked = tokio::spawn(async move {
        consumer.trace_each(one("1"), async |_| panic!("no such order")).await;
    });
    assert!(panicked.await.expect_err("the panic goes on").is_panic());
    assert_eq!(memory.take()[0]["cause"]["exceptions"][0]["message"], "no such order");
}
