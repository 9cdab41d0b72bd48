//! The same twelve calls through boto3 under the official Python SDK: the subsegments are the same,
//! but for what `aws/differences.json` lists with a reason.

use std::{collections::HashMap, fmt::Write as _, path::Path};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity, Select};
use aws_sdk_lambda::types::{FunctionCode, InvocationType, LogType, Runtime};
use aws_sdk_s3::{
    primitives::{Blob, ByteStream},
    types::{BucketLocationConstraint, CreateBucketConfiguration},
};
use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName};
use serde_json::{Value, json};
use xray_tests::{
    UdpListener, aws_calls,
    compare::{Table, differences},
};

use crate::{calls::create_table, stand::Stand};

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:topic";

#[tokio::test(flavor = "multi_thread")]
async fn twelve_calls_are_as_boto3s() {
    let (ours, python) = tokio::join!(ours(), python());
    assert_eq!((ours.len(), python.len()), (12, 12), "{ours:#?} {python:#?}");
    let mut table =
        Table::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("aws/differences.json"));
    let mut unknown = String::new();
    for (ours, python) in ours.iter().zip(&python) {
        let operation = ours["aws"]["operation"].as_str().expect("an operation");
        for difference in table.explain(operation, differences(ours, python)) {
            let _ = writeln!(unknown, "{operation}{difference}");
        }
    }
    assert!(unknown.is_empty(), "differences that are not listed:\n{unknown}");
    let outdated = table.outdated();
    assert!(outdated.is_empty(), "listed, and no longer so:\n{}", outdated.join("\n"));
}

async fn ours() -> Vec<Value> {
    let stand = prepared().await;
    let (_, mut documents) = stand.record(async || calls(&stand).await).await;
    subsegments(documents.remove(0), &stand)
}

async fn python() -> Vec<Value> {
    let stand = prepared().await;
    let endpoint = stand.endpoint();
    let segment = tokio::task::spawn_blocking(move || {
        let mut daemon = UdpListener::bind();
        let mut command = aws_calls();
        command.arg(endpoint).arg(daemon.address().to_string());
        assert!(command.status().expect("it starts").success());
        daemon.collect_until(|documents| !documents.is_empty())[0].clone()
    });
    subsegments(segment.await.expect("no panic"), &stand)
}

/// What the calls need, made by clients that record nothing.
async fn prepared() -> Stand {
    let stand = Stand::start().await;
    let config = stand.config();
    create_table(&aws_sdk_dynamodb::Client::new(&config), "t").await;
    let bucket = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuWest1)
        .build();
    let create = stand.s3().create_bucket().bucket("bucket").create_bucket_configuration(bucket);
    create.send().await.expect("a bucket");
    let sqs = aws_sdk_sqs::Client::new(&config);
    sqs.create_queue().queue_name("q").send().await.expect("a queue");
    let sns = aws_sdk_sns::Client::new(&config);
    sns.create_topic().name("topic").send().await.expect("a topic");
    stand.prepare_lambda().await;
    create_function(&stand.lambda(), "f").await;
    stand
}

/// Makes a function.
pub(crate) async fn create_function(lambda: &aws_sdk_lambda::Client, name: &str) {
    lambda
        .create_function()
        .function_name(name)
        .runtime(Runtime::Python312)
        .role("arn:aws:iam::123456789012:role/r")
        .handler("a.b")
        .code(FunctionCode::builder().zip_file(Blob::new("code")).build())
        .send()
        .await
        .expect("a function");
}

/// The calls of `peers/aws_calls.py`, in its order.
async fn calls(stand: &Stand) {
    let (dynamodb, s3, sqs) = (stand.dynamodb(), stand.s3(), stand.sqs());
    let one = || AttributeValue::S("1".into());
    let total = || ReturnConsumedCapacity::Total;
    let put = dynamodb.put_item().table_name("t").item("id", one());
    put.return_consumed_capacity(total()).send().await.expect("1");
    let query = dynamodb
        .query()
        .table_name("t")
        .consistent_read(true)
        .key_condition_expression("id = :id")
        .expression_attribute_values(":id", one())
        .limit(5)
        .scan_index_forward(false)
        .select(Select::Count);
    query.send().await.expect("2");
    let key = HashMap::from([("id".to_owned(), one())]);
    let keys = KeysAndAttributes::builder().keys(key).build().expect("complete");
    let batch = dynamodb.batch_get_item().request_items("t", keys);
    batch.return_consumed_capacity(total()).send().await.expect("3");
    dynamodb.list_tables().limit(10).send().await.expect("4");

    let put = s3.put_object().bucket("bucket").key("a/k").body(ByteStream::from_static(b"{}"));
    put.send().await.expect("5");
    s3.get_object().bucket("bucket").key("none").send().await.expect_err("6");
    let copy = s3.copy_object().bucket("bucket").key("copy").copy_source("bucket/a/k");
    copy.send().await.expect("7");

    let queue = format!("{}/123456789012/q", stand.endpoint());
    let url = sqs.get_queue_url().queue_name("q").queue_owner_aws_account_id("123456789012");
    url.send().await.expect("8");
    let kind = MessageAttributeValue::builder().data_type("String").string_value("v");
    let send = sqs.send_message().queue_url(&queue).message_body("m").delay_seconds(0);
    let send = send.message_attributes("kind", kind.build().expect("complete"));
    send.send().await.expect("9");
    #[expect(deprecated, reason = "it is what the official SDKs record")]
    let receive = sqs.receive_message().attribute_names(QueueAttributeName::All);
    let receive = receive
        .queue_url(&queue)
        .max_number_of_messages(3)
        .message_attribute_names("All")
        .visibility_timeout(5)
        .wait_time_seconds(1);
    receive.send().await.expect("10");

    stand.sns().publish().topic_arn(TOPIC).message("m").send().await.expect("11");
    let invoke = stand.lambda().invoke().function_name("f");
    let invoke = invoke.invocation_type(InvocationType::RequestResponse).log_type(LogType::None);
    invoke.payload(Blob::new("{}")).send().await.expect("12");
}

/// Without what differs from run to run.
fn subsegments(mut segment: Value, stand: &Stand) -> Vec<Value> {
    let mut calls = segment["subsegments"].take();
    for call in calls.as_array_mut().expect("calls") {
        for name in ["id", "parent_id", "trace_id", "start_time", "end_time"] {
            call.as_object_mut().expect("an object").remove(name);
        }
        for name in ["/aws/request_id", "/aws/message_id"] {
            if let Some(id) = call.pointer_mut(name).filter(|id| id.is_string()) {
                *id = json!("<id>");
            }
        }
        let Some(cause) = call.get_mut("cause").and_then(Value::as_object_mut) else { continue };
        cause.remove("working_directory");
        for exception in cause["exceptions"].as_array_mut().expect("a list") {
            exception.as_object_mut().expect("an object").remove("id");
        }
    }
    let text = calls.to_string().replace(&stand.endpoint(), "<endpoint>");
    // moto names itself in the addresses that it makes.
    let text = text.replace(stand.moto(), "<endpoint>");
    serde_json::from_str(&text).expect("JSON")
}
