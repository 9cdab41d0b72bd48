//! Calls that fail: in the service, under way, and before they begin.

use std::time::Duration;

use aws_config::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::Builder;
use serde_json::{Value, json};
use xray_aws::XRayInterceptor;

use crate::{
    calls::create_table,
    proxy::Fate,
    stand::{Stand, config, dynamodb, plain},
};

const JSON: &str = "content-type: application/x-amz-json-1.0\r\nx-amzn-requestid: R-1\r\n";

/// Flags, type of the exception, whether it is the service's, status.
fn outcome(document: &Value) -> Value {
    let flags = ["error", "throttle", "fault"].into_iter().filter(|flag| document[*flag] == true);
    let exception = &document["cause"]["exceptions"][0];
    let (kind, remote) = (&exception["type"], exception["remote"] == true);
    json!([flags.collect::<Vec<_>>(), kind, remote, document["http"]["response"]["status"]])
}

#[tokio::test]
async fn retries_are_counted_and_carry_the_same_id() {
    let stand = Stand::start().await;
    let dynamodb = stand.dynamodb();
    create_table(&dynamodb, "t").await;
    stand.proxy.take();
    let throttled = r#"{"__type":"ThrottlingException","message":"m"}"#.to_owned();
    stand.proxy.next([Fate::Answer(400, JSON, throttled), Fate::Reset]);
    let (answer, document) = stand
        .call(async || {
            let request = dynamodb.put_item().table_name("t");
            request.item("id", AttributeValue::S("1".into())).send().await
        })
        .await;
    answer.expect("the third attempt succeeds");
    assert_eq!(document["aws"]["retries"], 2);
    assert_eq!(outcome(&document), json!([[], null, false, 200]));
    let requests = stand.proxy.take();
    let headers: Vec<_> = requests.iter().map(|one| one.header("x-amzn-trace-id")).collect();
    assert_eq!(headers.len(), 3);
    assert!(headers[0].is_some() && headers.iter().all(|header| *header == headers[0]));
}

#[tokio::test]
async fn errors_of_the_service_are_its_own() {
    let stand = Stand::start().await;
    let once = stand.config().into_builder().retry_config(RetryConfig::disabled()).build();
    let dynamodb = dynamodb(&once, XRayInterceptor::new());
    for (status, body, expected) in [
        (400, r#"{"__type":"a#Refused","message":"m"}"#, json!([["error"], "Refused", true, 400])),
        (429, "{}", json!([["error", "throttle"], "ServiceError", true, 429])),
        // Not in our list, and in the SDK's.
        (
            400,
            r#"{"__type":"BandwidthLimitExceeded"}"#,
            json!([["error", "throttle"], "BandwidthLimitExceeded", true, 400]),
        ),
        (
            400,
            r#"{"__type":"LimitExceededException"}"#,
            json!([["error", "throttle"], "LimitExceededException", true, 400]),
        ),
        (
            500,
            r#"{"__type":"InternalServerError"}"#,
            json!([["fault"], "InternalServerError", true, 500]),
        ),
        (503, r#"{"__type":"SlowDown"}"#, json!([["error", "throttle"], "SlowDown", true, 503])),
        (502, "<html>Bad gateway</html>", json!([["fault"], "ServiceError", true, 502])),
        (500, "", json!([["fault"], "ServiceError", true, 500])),
        (
            400,
            "{\"__type\":\"\u{0}\",\"message\":7}",
            json!([["error"], "ServiceError", true, 400]),
        ),
    ] {
        stand.proxy.next([Fate::Answer(status, JSON, body.into())]);
        let (answer, document) =
            stand.call(async || dynamodb.get_item().table_name("t").send().await).await;
        assert!(answer.is_err(), "{body}");
        assert_eq!(outcome(&document), expected, "{body}");
        assert_eq!(document["aws"]["request_id"], "R-1");
    }
}

#[tokio::test]
async fn errors_in_xml_are_read() {
    let stand = Stand::start().await;
    let (s3, sns) = (stand.s3(), stand.sns());
    let body = "<Error><Code>NoSuchKey</Code><Message>no such key</Message><RequestId>R-2</RequestId></Error>";
    let headers = "content-type: application/xml\r\nx-amz-id-2: I-2\r\n";
    stand.proxy.next([Fate::Answer(404, headers, body.into())]);
    let (_, document) =
        stand.call(async || s3.get_object().bucket("b").key("k").send().await).await;
    assert_eq!(
        plain(&document),
        json!({
            "name": "S3",
            "namespace": "aws",
            "error": true,
            "cause": {"exceptions": [{"type": "NoSuchKey", "message": "no such key", "remote": true}]},
            "http": {"response": {"status": 404, "content_length": body.len()}},
            "aws": {
                "operation": "GetObject", "region": "eu-west-1", "retries": 0,
                "request_id": "R-2", "id_2": "I-2",
                "bucket_name": "b", "key": "k", "resource_names": ["b"],
            },
        })
    );
    let body = "<ErrorResponse><Error><Code>NotFound</Code><Message>m</Message></Error><RequestId>R-3</RequestId></ErrorResponse>";
    stand.proxy.next([Fate::Answer(404, "", body.into())]);
    let request = sns.publish().topic_arn("arn:aws:sns:eu-west-1:1:topic").message("m");
    let (_, document) = stand.call(async || request.send().await).await;
    assert_eq!(outcome(&document), json!([["error"], "NotFound", true, 404]));
    assert_eq!(document["aws"]["request_id"], "R-3");
    assert_eq!(document["aws"]["resource_names"], json!(["topic"]));
    // A copy may fail after a status that says it went well.
    let body = "<Error><Code>InternalError</Code><Message>m</Message></Error>";
    stand.proxy.next(vec![Fate::Answer(200, "", body.into()); 3]);
    let copy = s3.copy_object().copy_source("a/b").bucket("c").key("d");
    let (answer, document) = stand.call(async || copy.send().await).await;
    assert!(answer.is_err());
    assert_eq!(outcome(&document), json!([["fault"], "InternalError", true, 200]));
}

#[tokio::test]
async fn what_fails_under_way_is_the_clients() {
    let stand = Stand::start().await;
    let timeout = |builder: aws_config::timeout::TimeoutConfigBuilder| {
        stand.config().into_builder().timeout_config(builder.build()).build()
    };
    let soon = Duration::from_millis(500);
    let patient = stand.config();
    let whole = timeout(TimeoutConfig::builder().operation_timeout(soon));
    let attempt = timeout(TimeoutConfig::builder().operation_attempt_timeout(soon));
    let read = timeout(TimeoutConfig::builder().read_timeout(soon));
    let refused = config("http://127.0.0.1:1");
    for (name, config, fates, expected, retries) in [
        ("hang", &whole, vec![Fate::Hang], json!([["fault"], "TimeoutError", false, null]), 0),
        (
            "attempt",
            &attempt,
            vec![Fate::Hang; 3],
            json!([["fault"], "TimeoutError", false, null]),
            2,
        ),
        ("read", &read, vec![Fate::Hang; 3], json!([["fault"], "DispatchFailure", false, null]), 2),
        (
            "reset",
            &patient,
            vec![Fate::Reset; 3],
            json!([["fault"], "DispatchFailure", false, null]),
            2,
        ),
        ("half", &whole, vec![Fate::HalfAnswer], json!([["fault"], "TimeoutError", false, 200]), 0),
        ("refused", &refused, vec![], json!([["fault"], "DispatchFailure", false, null]), 2),
        (
            "nonsense",
            &patient,
            vec![Fate::Answer(200, "", "}{".into())],
            json!([["fault"], "ResponseError", false, 200]),
            0,
        ),
    ] {
        stand.proxy.next(fates);
        let client = dynamodb(config, XRayInterceptor::new());
        let request = client.get_item().table_name("t");
        let (answer, document) = stand.call(async || request.send().await).await;
        assert!(answer.is_err(), "{name}");
        assert_eq!(outcome(&document), expected, "{name}: {document}");
        assert_eq!(document["aws"]["retries"], retries, "{name}");
        assert_eq!(document["aws"]["table_name"], "t", "{name}");
    }
}

#[tokio::test]
async fn what_cannot_begin_is_recorded() {
    let stand = Stand::start().await;
    let http = Builder::new().build_http();
    let nobody = aws_sdk_dynamodb::Config::builder()
        .behavior_version_latest()
        .region(aws_config::Region::new("eu-west-1"))
        .endpoint_url(stand.endpoint())
        .http_client(http)
        .interceptor(XRayInterceptor::new())
        .build();
    let nobody = aws_sdk_dynamodb::Client::from_conf(nobody);
    let (answer, document) =
        stand.call(async || nobody.get_item().table_name("t").send().await).await;
    assert!(answer.is_err());
    assert_eq!(outcome(&document), json!([["fault"], "DispatchFailure", false, null]));
    assert_eq!(document["aws"]["retries"], 0);

    // S3 wants a key that is not empty.
    let request = stand.s3().get_object().bucket("b").key("");
    let (answer, document) = stand.call(async || request.send().await).await;
    assert!(answer.is_err());
    assert_eq!(outcome(&document), json!([["fault"], "ConstructionFailure", false, null]));
    assert_eq!(document["aws"]["operation"], "GetObject");
    assert_eq!(document["aws"]["retries"], 0);
    assert!(stand.proxy.take().is_empty());

    // DynamoDB wants a table, and says so before an operation is known to its interceptors.
    let request = stand.dynamodb().get_item();
    let (answer, document) = stand.call(async || request.send().await).await;
    assert!(answer.is_err());
    assert_eq!(outcome(&document), json!([["fault"], "ConstructionFailure", false, null]));
}

#[tokio::test]
async fn a_call_that_is_dropped_is_an_error() {
    let stand = Stand::start().await;
    stand.proxy.next([Fate::Hang]);
    let request = stand.dynamodb().get_item().table_name("t");
    let (answer, document) = stand
        .call(async || tokio::time::timeout(Duration::from_millis(500), request.send()).await)
        .await;
    assert!(answer.is_err());
    assert_eq!(outcome(&document), json!([["error"], "Cancelled", false, null]));
    assert_eq!(document["aws"]["table_name"], "t");
    assert!(document["end_time"].is_f64());
}
