//! What is recorded of a call, and what is sent with it.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use aws_sdk_s3::presigning::PresigningConfig;
use futures_util::future::join_all;
use serde_json::{Value, json};
use xray_aws::XRayInterceptor;

use crate::{
    proxy::Request,
    stand::{Stand, plain},
};

/// Makes a table with the key `id`.
pub(crate) async fn create_table(dynamodb: &aws_sdk_dynamodb::Client, name: &str) {
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash);
    let id =
        AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
    dynamodb
        .create_table()
        .table_name(name)
        .key_schema(key.build().expect("complete"))
        .attribute_definitions(id.build().expect("complete"))
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .expect("a table");
}

#[tokio::test]
async fn a_call_is_a_subsegment_and_carries_its_id() {
    let stand = Stand::start().await;
    let dynamodb = stand.dynamodb();
    let (_, table) = stand.call(async || create_table(&dynamodb, "orders").await).await;
    assert_eq!(table["aws"]["table_name"], "orders");
    stand.proxy.take();

    let (_, document) = stand
        .call(async || {
            let item = dynamodb.put_item().table_name("orders");
            item.item("id", AttributeValue::S("7".into())).send().await.expect("it is put");
        })
        .await;
    let request = stand.proxy.take_one();
    let id = document["id"].as_str().expect("an id");
    let header = request.header("x-amzn-trace-id").expect("a header");
    assert!(header.ends_with(&format!(";Parent={id};Sampled=1")), "{header}");
    let traceparent = request.header("traceparent").expect("a header");
    assert!(traceparent.ends_with(&format!("-{id}-01")), "{traceparent}");
    let length = &document["http"]["response"]["content_length"];
    let request_id = &document["aws"]["request_id"];
    assert!(length.is_u64() && request_id.is_string(), "{document}");
    assert_eq!(
        plain(&document),
        json!({
            "name": "DynamoDB",
            "namespace": "aws",
            "http": {"response": {"status": 200, "content_length": length}},
            "aws": {
                "operation": "PutItem",
                "region": "eu-west-1",
                "request_id": request_id,
                "retries": 0,
                "table_name": "orders",
                "resource_names": ["orders"],
            },
        })
    );
}

#[tokio::test]
async fn the_signature_does_not_cover_the_trace() {
    let stand = Stand::start().await;
    let request = stand.dynamodb().list_tables();
    let _ = stand.call(async || request.send().await).await;
    let request = stand.proxy.take_one();
    let authorization = request.header("authorization").expect("it is signed");
    let signed = authorization.split("SignedHeaders=").nth(1).expect("what is signed");
    let signed: Vec<&str> = signed.split(',').next().expect("a list").split(';').collect();
    assert!(signed.contains(&"host") && request.header("traceparent").is_some());
    for name in ["traceparent", "x-amzn-trace-id"] {
        assert!(!signed.contains(&name), "{signed:?}");
    }
    assert!(authorization.ends_with(&format!("Signature={}", signature(&request, &signed))));
}

/// What AWS computes of a request that came: of the headers that it says are signed.
fn signature(request: &Request, signed: &[&str]) -> String {
    use aws_sigv4::{
        http_request::{SignableBody, SignableRequest, SigningSettings, sign},
        sign::v4,
    };
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test").into();
    let date = request.header("x-amz-date").expect("a date");
    let time = chrono::NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").expect("a time");
    let parameters = v4::SigningParams::builder()
        .identity(&credentials)
        .region("eu-west-1")
        .name("dynamodb")
        .time(time.and_utc().into())
        .settings(SigningSettings::default())
        .build()
        .expect("complete")
        .into();
    let host = request.header("host").expect("a host");
    let headers =
        request.headers().filter(|(name, _)| signed.contains(name) && *name != "x-amz-date");
    let url = format!("http://{host}{}", request.target);
    let body = SignableBody::Bytes(&request.body);
    let request = SignableRequest::new(&request.method, url, headers, body).expect("a request");
    sign(request, &parameters).expect("it can be signed").into_parts().1
}

#[tokio::test]
async fn what_is_not_sampled_carries_the_header_and_nothing_else() {
    let stand = Stand::start().await;
    let sqs = stand.sqs();
    let queue = sqs.create_queue().queue_name("q").send().await.expect("a queue");
    stand.proxy.take();
    let segment = stand.xray.segment("orders").sampled(false).begin();
    let send = sqs.send_message().queue_url(queue.queue_url().expect("a url")).message_body("m");
    segment.scope(async { send.clone().send().await.expect("it is sent") }).await;
    segment.end();
    assert_eq!(stand.documents(), [json!(null); 0]);
    let request = stand.proxy.take_one();
    let header = request.header("x-amzn-trace-id").expect("a header");
    assert!(header.ends_with(";Sampled=0"), "{header}");
    assert!(!String::from_utf8_lossy(&request.body).contains("AWSTraceHeader"));

    // Outside of any segment the request is as it would be.
    send.send().await.expect("it is sent");
    let request = stand.proxy.take_one();
    assert_eq!((request.header("x-amzn-trace-id"), request.header("traceparent")), (None, None));
    assert_eq!(stand.documents(), [json!(null); 0]);
}

#[tokio::test]
async fn a_request_that_is_only_presigned_leaves_nothing() {
    let stand = Stand::start().await;
    let presigning = PresigningConfig::expires_in(Duration::from_secs(60)).expect("a time");
    let request = stand.s3().get_object().bucket("bucket").key("key");
    let (presigned, documents) =
        stand.record(async || request.presigned(presigning).await.expect("it is signed")).await;
    assert_eq!(documents[0].get("subsegments"), None);
    assert_eq!(presigned.headers().count(), 0);
    assert!(presigned.uri().contains("X-Amz-Signature="));
}

#[tokio::test]
async fn an_interceptor_that_is_installed_twice_records_once() {
    let stand = Stand::start().await;
    let xray = XRayInterceptor::new();
    let config = aws_sdk_sqs::config::Builder::from(&stand.config());
    let config = config.interceptor(xray.clone()).interceptor(xray);
    let sqs = aws_sdk_sqs::Client::from_conf(config.interceptor(XRayInterceptor::new()).build());
    let (_, document) =
        stand.call(async || sqs.list_queues().send().await.expect("an answer")).await;
    assert_eq!(document["aws"]["operation"], "ListQueues");
    let request = sqs.send_message().queue_url(stand.endpoint() + "/1/none").message_body("m");
    let (answer, document) = stand.call(async || request.send().await).await;
    assert!(answer.is_err() && document["error"] == true, "{document}");
    assert_eq!(document["aws"]["resource_names"], json!(["none"]));
    // Refused by the SDK before it begins: still once.
    let s3 = stand.s3().get_object().key("k").customize().interceptor(XRayInterceptor::new());
    let (answer, document) = stand.call(async || s3.send().await).await;
    assert!(answer.is_err() && document["fault"] == true, "{document}");
}

#[tokio::test]
async fn calls_of_one_client_side_by_side_do_not_mix() {
    let stand = Stand::start().await;
    let dynamodb = stand.dynamodb();
    let (_, documents) = stand
        .record(async || {
            let calls =
                (0..20).map(|n| dynamodb.describe_table().table_name(format!("t-{n}")).send());
            join_all(calls).await
        })
        .await;
    let requests = stand.proxy.take();
    let calls = documents[0]["subsegments"].as_array().expect("calls");
    assert_eq!((calls.len(), requests.len()), (20, 20));
    for call in calls {
        let id = call["id"].as_str().expect("an id");
        let carries = |request: &&Request| {
            request.header("x-amzn-trace-id").is_some_and(|header| header.contains(id))
        };
        let request = requests.iter().find(carries).expect("the call's request");
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        assert_eq!(call["aws"]["table_name"], body["TableName"]);
    }
}
