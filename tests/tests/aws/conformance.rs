//! 11 and 12 of the conformance tests of the recording specification, by their names.

use std::{net::SocketAddr, time::Duration};

use aws_config::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use serde_json::json;
use socket2::{Domain, Socket, Type};
use xray_aws::XRayInterceptor;

use crate::{
    calls::create_table,
    proxy::Fate,
    stand::{Stand, dynamodb, plain},
};

#[tokio::test]
async fn aws_client_error() {
    const BODY: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}"#;
    let stand = Stand::start().await;
    let once = stand.config().into_builder().retry_config(RetryConfig::disabled()).build();
    let client = dynamodb(&once, XRayInterceptor::new());
    let headers = "content-type: application/x-amz-json-1.0\r\nx-amzn-requestid: R-1\r\n";
    stand.proxy.next([Fate::Answer(400, headers, BODY.into())]);
    let (answer, document) =
        stand.call(async || client.get_item().table_name("t").send().await).await;
    assert!(answer.is_err());
    assert_eq!(
        plain(&document),
        json!({
            "name": "DynamoDB",
            "namespace": "aws",
            "error": true,
            "throttle": true,
            "cause": {"exceptions": [{
                "type": "ProvisionedThroughputExceededException",
                "message": "slow down",
                "remote": true,
            }]},
            "http": {"response": {"status": 400, "content_length": BODY.len()}},
            "aws": {
                "operation": "GetItem",
                "region": "eu-west-1",
                "request_id": "R-1",
                "retries": 0,
                "table_name": "t",
                "resource_names": ["t"],
            },
        })
    );

    let (_full, address) = full_listener();
    let unreachable = once
        .into_builder()
        .endpoint_url(format!("http://{address}"))
        .timeout_config(
            TimeoutConfig::builder().connect_timeout(Duration::from_millis(200)).build(),
        )
        .build();
    let client = dynamodb(&unreachable, XRayInterceptor::new());
    let (answer, document) =
        stand.call(async || client.get_item().table_name("t").send().await).await;
    assert!(answer.is_err());
    let exception = &document["cause"]["exceptions"][0];
    assert_eq!((&document["fault"], &document["error"]), (&json!(true), &json!(null)));
    assert_eq!((&exception["remote"], &document["http"]), (&json!(null), &json!(null)));
    assert_eq!(exception["type"], "DispatchFailure");
    assert!(exception["message"].as_str().expect("a text").contains("timeout"), "{exception}");
    assert_eq!(document["aws"]["retries"], 0);
}

/// A port that takes no more connections: one waits already, and nobody accepts.
fn full_listener() -> ([Socket; 2], SocketAddr) {
    let socket = || Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let (listener, waiting) = (socket(), socket());
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("loopback");
    listener.listen(0).expect("a backlog");
    let address = listener.local_addr().expect("bound");
    waiting.connect(&address).expect("the first is taken");
    ([listener, waiting], address.as_socket().expect("an IP address"))
}

#[tokio::test]
async fn whitelist_names() {
    let stand = Stand::start().await;
    let (dynamodb, sqs, s3) = (stand.dynamodb(), stand.sqs(), stand.s3());

    let request = sqs.get_queue_url().queue_name("q").queue_owner_aws_account_id("123456789012");
    let (_, document) = stand.call(async || request.send().await).await;
    let aws = &document["aws"];
    assert_eq!(
        (&aws["queue_name"], &aws["queue_owner_aws_account_id"]),
        (&json!("q"), &json!("123456789012"))
    );

    let keys = || {
        let key = [("id".to_owned(), AttributeValue::S("1".into()))];
        KeysAndAttributes::builder().keys(key.into()).build().expect("complete")
    };
    let request = dynamodb.batch_get_item().request_items("t1", keys()).request_items("t2", keys());
    let (_, mut document) = stand.call(async || request.send().await).await;
    let names = document["aws"]["table_names"].as_array_mut().expect("a list");
    // The SDK's map has no order.
    names.sort_by_key(ToString::to_string);
    assert_eq!(*names, ["t1", "t2"]);

    for name in ["t1", "t2", "t3"] {
        create_table(&dynamodb, name).await;
    }
    let (_, document) = stand.call(async || dynamodb.list_tables().send().await).await;
    assert_eq!(document["aws"]["table_count"], 3);

    let copy = s3.copy_object().copy_source("from/key").bucket("to-bucket").key("a key");
    let (_, document) = stand.call(async || copy.send().await).await;
    let aws = &document["aws"];
    assert_eq!(
        [&aws["bucket_name"], &aws["copy_source"], &aws["key"]],
        ["to-bucket", "from/key", "a key"]
    );

    stand.proxy.take();
    let config = aws_sdk_xray::config::Builder::from(&stand.config());
    let config = config.interceptor(XRayInterceptor::new()).build();
    let xray = aws_sdk_xray::Client::from_conf(config);
    // moto knows neither.
    stand.proxy.next([Fate::Answer(200, "", "{}".into()), Fate::Answer(200, "", "{}".into())]);
    let request = xray.get_sampling_targets().set_sampling_statistics_documents(Some(vec![]));
    let (answer, documents) = stand.record(async || request.send().await).await;
    assert!(answer.is_ok());
    assert_eq!(documents[0].get("subsegments"), None);
    let request = stand.proxy.take_one();
    assert_eq!(
        (request.target.as_str(), request.header("x-amzn-trace-id")),
        ("/SamplingTargets", None)
    );
    // Any other call of that service is recorded.
    let (_, document) = stand.call(async || xray.get_groups().send().await).await;
    assert_eq!(document["name"], "XRay");
}
