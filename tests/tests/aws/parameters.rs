//! Parameters: from every protocol, of every size, by whichever whitelist.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_lambda::types::{InvocationType, LogType};
use aws_sdk_s3::primitives::{Blob, ByteStream};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::HttpRequest,
    result::ConnectorError,
};
use serde_json::{Value, json};
use xray_aws::{Whitelist, XRayInterceptor};

use crate::{
    calls::create_table,
    official::create_function,
    proxy::Fate,
    stand::{Stand, dynamodb},
};

/// The parameters alone.
fn parameters(document: &Value) -> Value {
    let mut aws = document["aws"].clone();
    let fields = aws.as_object_mut().expect("an object");
    for name in ["operation", "region", "request_id", "id_2", "retries", "resource_names"] {
        fields.remove(name);
    }
    aws
}

#[tokio::test]
async fn of_responses() {
    let stand = Stand::start().await;
    let dynamodb = stand.dynamodb();
    let body = json!({
        "Items": [{"id": {"S": "x".repeat(100_000)}}], "Count": 1, "ScannedCount": 7,
        "ConsumedCapacity": {"TableName": "t", "CapacityUnits": 0.5},
    });
    let headers = "content-type: application/x-amz-json-1.0\r\n";
    stand.proxy.next([Fate::Answer(200, headers, body.to_string())]);
    let request = dynamodb.scan().table_name("t").limit(5).segment(0).total_segments(2);
    let request = request.set_attributes_to_get(Some(vec!["id".into()])).consistent_read(true);
    let (_, document) = stand.call(async || request.send().await.expect("an answer")).await;
    let expected = json!({
        "table_name": "t", "limit": 5, "segment": 0, "total_segments": 2, "consistent_read": true,
        "attributes_to_get": ["id"],
        "count": 1, "scanned_count": 7,
        "consumed_capacity": {"TableName": "t", "CapacityUnits": 0.5},
    });
    assert_eq!(parameters(&document), expected);
}

#[tokio::test]
async fn of_lambda_which_has_them_in_path_query_and_headers() {
    let stand = Stand::start().await;
    stand.prepare_lambda().await;
    let lambda = stand.lambda();
    create_function(&lambda, "f").await;
    let invoke = lambda
        .invoke()
        .function_name("f")
        .invocation_type(InvocationType::RequestResponse)
        .log_type(LogType::Tail)
        .qualifier("$LATEST")
        // Nothing of the payload is a parameter.
        .payload(Blob::new(r#"{"FunctionName": "other", "StatusCode": 7}"#));
    let (_, document) = stand.call(async || invoke.send().await.expect("it is invoked")).await;
    assert_eq!(
        parameters(&document),
        json!({
            "function_name": "f", "invocation_type": "RequestResponse", "log_type": "Tail",
            "qualifier": "$LATEST", "status_code": 200,
        })
    );
    let headers = "x-amz-function-error: Unhandled\r\n";
    stand.proxy.next([Fate::Answer(200, headers, r#"{"errorMessage": "m"}"#.into())]);
    let (_, document) = stand.call(async || lambda.invoke().function_name("f").send().await).await;
    assert_eq!(document["aws"]["function_error"], "Unhandled");
}

/// Sends nothing, so that no name has to be looked up.
#[derive(Debug)]
struct Offline;

impl HttpConnector for Offline {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Err(ConnectorError::io("offline".into())))
    }
}

#[tokio::test]
async fn of_s3_which_names_the_bucket_in_the_host_or_the_path() {
    let stand = Stand::start().await;
    let parts = json!({"bucket_name": "my-bucket", "key": "a/é b", "version_id": "v"});
    for (path_style, endpoint) in [
        (false, None),
        (false, Some("http://storage.example:9000")),
        (true, None),
        (true, Some("http://storage.example:9000/under/")),
    ] {
        let mut config = stand.config().into_builder();
        config.set_endpoint_url(endpoint.map(str::to_owned));
        let config = config.http_client(http_client_fn(|_, _| SharedHttpConnector::new(Offline)));
        let config = aws_sdk_s3::config::Builder::from(&config.build());
        let s3 = aws_sdk_s3::Client::from_conf(config.force_path_style(path_style).build());
        let get = s3.get_object().bucket("my-bucket").key("a/é b").version_id("v");
        let get = get.customize().interceptor(XRayInterceptor::new());
        let (_, document) = stand.call(async || get.send().await).await;
        assert_eq!(parameters(&document), parts, "{path_style} {endpoint:?}");
        let list = s3.list_objects_v2().bucket("my-bucket").prefix("a b/");
        let list = list.customize().interceptor(XRayInterceptor::new());
        let (_, document) = stand.call(async || list.send().await).await;
        let expected = json!({"bucket_name": "my-bucket", "prefix": "a b/"});
        assert_eq!(parameters(&document), expected, "{path_style} {endpoint:?}");
    }
    // An access point is called by its ARN, which only the SDK knows.
    let arn = "arn:aws:s3:eu-west-1:123456789012:accesspoint/ap";
    let get = stand.s3().get_object().bucket(arn).key("k");
    let (_, document) = stand.call(async || get.send().await).await;
    assert_eq!(parameters(&document), json!({"bucket_name": arn, "key": "k"}));
}

/// An interceptor of one call, which learns nothing from the SDK and reads what is sent.
#[tokio::test]
async fn of_what_is_sent_alone() {
    let stand = Stand::start().await;
    let topic = "arn:aws:sns:eu-west-1:1:topic";
    let publish = aws_sdk_sns::Client::new(&stand.config()).publish().topic_arn(topic);
    let publish = publish.message("a&TopicArn=c").customize().interceptor(XRayInterceptor::new());
    let invoke = aws_sdk_lambda::Client::new(&stand.config()).invoke().function_name("f:live");
    let invoke = invoke.qualifier("q r").customize().interceptor(XRayInterceptor::new());
    let get = aws_sdk_dynamodb::Client::new(&stand.config()).get_item().table_name("t");
    let get = get.customize().interceptor(XRayInterceptor::new());
    let (_, documents) = stand
        .record(async || {
            let _ = (publish.send().await, invoke.send().await, get.send().await);
        })
        .await;
    let calls = documents[0]["subsegments"].as_array().expect("calls");
    assert_eq!(
        calls.iter().map(parameters).collect::<Vec<_>>(),
        [
            json!({"topic_arn": topic}),
            json!({"function_name": "f:live", "qualifier": "q r"}),
            json!({"table_name": "t"}),
        ]
    );
}

#[tokio::test]
async fn of_large_and_streamed_bodies() {
    let stand = Stand::start().await;
    let dynamodb = stand.dynamodb();
    create_table(&dynamodb, "t").await;
    let item = AttributeValue::S("x".repeat(10 * 1024 * 1024));
    let put = dynamodb.put_item().table_name("t").item("id", item);
    stand.proxy.next([Fate::Answer(200, "", "{}".into())]);
    let (_, document) = stand.call(async || put.send().await.expect("an answer")).await;
    assert_eq!(parameters(&document), json!({"table_name": "t"}));

    let s3 = stand.s3();
    let bucket = aws_sdk_s3::types::CreateBucketConfiguration::builder()
        .location_constraint(aws_sdk_s3::types::BucketLocationConstraint::EuWest1);
    let create = s3.create_bucket().bucket("bucket").create_bucket_configuration(bucket.build());
    create.send().await.expect("a bucket");
    // In memory, and still the user's own.
    let body = ByteStream::from_static(br#"{"Key": "not this one"}"#);
    let put = s3.put_object().bucket("bucket").key("k").content_type("application/json").body(body);
    let (_, document) = stand.call(async || put.send().await.expect("it is put")).await;
    assert_eq!(parameters(&document), json!({"bucket_name": "bucket", "key": "k"}));
    let get = s3.get_object().bucket("bucket").key("k");
    let (answer, document) = stand.call(async || get.send().await.expect("it is there")).await;
    assert_eq!(document["http"], json!({"response": {"status": 200, "content_length": 23}}));
    let body = answer.body.collect().await.expect("a body").into_bytes();
    assert_eq!(body, br#"{"Key": "not this one"}"#[..]);
}

#[tokio::test]
async fn of_a_whitelist_of_your_own() {
    let stand = Stand::start().await;
    let file = std::env::temp_dir().join(format!("xray-whitelist-{}.json", std::process::id()));
    let text = r#"{"services": {"dynamodb": {"operations": {"getItem": {
        "request_parameters": ["ReturnConsumedCapacity"],
        "request_descriptors": {"Key": {"map": true, "get_keys": true, "rename_to": "key_names"}},
        "response_descriptors": {"Item": {"map": true, "get_count": true}}
    }}}}}"#;
    std::fs::write(&file, text).expect("a writable folder");
    let theirs = XRayInterceptor::new().whitelist_file(&file).account_id("123456789012");
    let more = XRayInterceptor::new().extend_whitelist_file(&file);
    let both = Whitelist::default().extend(Whitelist::from_file(&file).expect("a whitelist"));
    std::fs::remove_file(&file).expect("it is there");
    let none = XRayInterceptor::new().whitelist(Whitelist::empty());
    let get = |xray| {
        let client = dynamodb(&stand.config(), xray);
        client
            .get_item()
            .table_name("t")
            .return_consumed_capacity("TOTAL".into())
            .key("id", AttributeValue::S("1".into()))
    };
    let recorded = async |xray: XRayInterceptor| {
        stand.proxy.next([Fate::Answer(
            200,
            "",
            r#"{"Item": {"a": {"S": ""}, "b": {"S": ""}}}"#.into(),
        )]);
        let (_, document) = stand.call(async || get(xray).send().await.expect("an answer")).await;
        parameters(&document)
    };
    let expected = json!({"return_consumed_capacity": "TOTAL", "key_names": ["id"], "item": 2});
    assert_eq!(recorded(XRayInterceptor::new().whitelist(both)).await, expected);
    assert_eq!(recorded(none).await, json!({}));
    let mut with_account = expected.clone();
    with_account["account_id"] = json!("123456789012");
    assert_eq!(recorded(theirs).await, with_account);
    assert_eq!(recorded(more).await, expected);
    // A file that is not there leaves all as it is.
    let missing = XRayInterceptor::new().whitelist_file("no/such/file.json");
    let missing = missing.extend_whitelist_file("no/such/file.json");
    assert_eq!(recorded(missing).await, json!({"table_name": "t"}));
}
