//! Functions that serve HTTP, with plain handlers and with axum.

use axum::{Router, body::Body, extract::Path, response::IntoResponse, routing::get};
use futures_util::{StreamExt, stream};
use lambda_http::{
    Error, Request, RequestExt, Response,
    tower::{Layer, service_fn},
};
use serde_json::{Value, json};
use xray_core::{StreamInCurrentSegment, subsegment};
use xray_lambda::XRayLambdaLayer;
use xray_tower::XRayLayer;

use crate::{
    api::{Answer, Api, Invoke},
    documents::{comparable, handler, part, with},
    function::{Function, call},
    headers::{PARENT, filled},
};

pub(crate) const SAMPLED: &str = "Root=<root>;Parent=<parent>;Sampled=1;<lineage>";

/// Serves what a function gets that is started with the name of one of these.
pub(crate) async fn run(handler: &str, layer: XRayLambdaLayer) -> Result<(), Error> {
    let xray = XRayLayer::new;
    match handler {
        "plain" => lambda_http::run(layer.layer(xray().layer(service_fn(plain)))).await,
        "bare" => lambda_http::run(layer.layer(service_fn(plain))).await,
        "axum" => lambda_http::run(layer.layer(app().layer(xray()))).await,
        "twice" => lambda_http::run(layer.layer(xray().layer(app().layer(xray())))).await,
        "streams" => {
            lambda_http::run_with_streaming_response(layer.layer(app().layer(xray()))).await
        }
        other => panic!("there is no handler {other}"),
    }
}

async fn plain(request: Request) -> Result<Response<String>, Error> {
    match request.raw_http_path() {
        "/fails" => Err("the order cannot be read".into()),
        "/missing" => Ok(Response::builder().status(404).body("no such order".to_owned())?),
        _ => Ok(Response::new(call().to_string())),
    }
}

pub(crate) fn app() -> Router {
    let order = async |Path(id): Path<u32>| match id {
        7 => call().to_string().into_response(),
        _ => axum::http::StatusCode::IM_A_TEAPOT.into_response(),
    };
    Router::new()
        .route("/orders/{id}", get(order))
        .route("/lines", get(lines))
        .route("/hangs", get(hangs))
}

/// Writes each line when it is asked for, after the handler has returned.
async fn lines() -> Body {
    let lines = stream::iter(["one", "two"]).then(async |line| {
        subsegment("line", async |part| part.annotate("line", line)).await;
        Ok::<_, Error>(format!("{line}\n"))
    });
    Body::from_stream(Box::pin(lines).in_current_segment())
}

/// Writes a line, and never another one.
async fn hangs() -> Body {
    let line = stream::once(subsegment("line", async |_| Ok::<_, Error>("one\n")));
    Body::from_stream(Box::pin(line.chain(stream::pending())).in_current_segment())
}

/// What a function gets from an HTTP API of API Gateway; that of a function URL is the same but for its
/// host.
pub(crate) fn api_gateway(path: &str, host: &str, headers: Value) -> Value {
    let usual = json!({"host": host, "user-agent": "curl/8", "x-forwarded-for": "192.0.2.7"});
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "card=1234",
        "headers": with(usual, headers),
        "requestContext": {
            "accountId": "1",
            "apiId": "a",
            "domainName": host,
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7"},
            "requestId": "x",
            "stage": "$default",
            "time": "12/Mar/2025:19:03:58 +0000",
            "timeEpoch": 1_741_806_238_000_u64,
        },
        "isBase64Encoded": false,
    })
}

fn load_balancer(path: &str) -> Value {
    let group = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/orders/1";
    json!({
        "requestContext": {"elb": {"targetGroupArn": group}},
        "httpMethod": "GET",
        "path": path,
        "queryStringParameters": {"card": "1234"},
        "headers": {
            "host": "orders.example",
            "user-agent": "curl/8",
            "x-amzn-trace-id": "Root=1-5bdb40ca-556d8b0c50dc66f0511bf520",
            "x-forwarded-for": "192.0.2.7",
            "x-forwarded-proto": "https",
        },
        "body": "",
        "isBase64Encoded": false,
    })
}

async fn served(handler: &str, header: &str, event: Value) -> Answer {
    let mut api = Api::serve([Invoke::new("r-1", event).trace(&filled(header))]).await;
    let _function = Function::start(handler, &api);
    api.answer().await
}

/// The block of a request.
pub(crate) fn http(url: &str, response: Value) -> Value {
    let request = json!({
        "method": "GET",
        "url": url,
        "user_agent": "curl/8",
        "client_ip": "192.0.2.7",
        "x_forwarded_for": true,
    });
    Value::from_iter([("request", request), ("response", response)])
}

/// Inside of the handler's document, which waited for it.
pub(crate) fn embedded(mut document: Value) -> Value {
    for field in ["type", "trace_id", "parent_id"] {
        document.as_object_mut().unwrap().remove(field);
    }
    document
}

#[tokio::test]
async fn a_plain_handler_has_a_subsegment_for_its_request() {
    for (event, url) in [
        (
            api_gateway("/orders/7", "x.lambda-url.example", json!({})),
            "https://x.lambda-url.example/orders/7",
        ),
        (load_balancer("/orders/7"), "https://orders.example/orders/7"),
    ] {
        let answer = served("plain", SAMPLED, event).await;
        let body = answer.json()["body"].as_str().unwrap().to_owned();
        let sent: Value = serde_json::from_str(&body).unwrap();
        let id = sent["id"].as_str().unwrap();
        let expected = filled(&format!("Root=<root>;Parent={id};Sampled=1;<lineage>"));
        assert_eq!(sent["x-amzn-trace-id"], expected);
        let response = json!({"status": 200, "content_length": body.len()});
        let request = part("f", "<handler>", json!({"http": http(url, response)}));
        assert_eq!(
            comparable(&answer.documents),
            [part("call", "<f>", json!({})), handler(json!({"subsegments": [embedded(request)]}))]
        );
    }
}

#[tokio::test]
async fn what_is_not_found_is_an_error_of_the_request() {
    let event = api_gateway("/missing", "orders.example", json!({}));
    let answer = served("plain", SAMPLED, event).await;
    assert_eq!(answer.json()["statusCode"], 404);
    let response = json!({"status": 404, "content_length": 13});
    let block = http("https://orders.example/missing", response);
    let request = part("f", "<handler>", json!({"error": true, "http": block}));
    assert_eq!(
        comparable(&answer.documents),
        [handler(json!({"subsegments": [embedded(request)]}))]
    );
}

#[tokio::test]
async fn an_error_is_one_of_the_request_and_the_handler() {
    let event = api_gateway("/fails", "orders.example", json!({}));
    let answer = served("plain", SAMPLED, event).await;
    assert_eq!(answer.kind, "error");
    let names: Vec<_> = answer.documents.iter().map(|document| &document["name"]).collect();
    assert_eq!(names, ["f", "handler"]);
    assert!(answer.documents.iter().all(|document| document["fault"] == true));
    let described = &answer.documents[0]["cause"]["exceptions"][0];
    assert_eq!(described["message"], "the order cannot be read");
    assert_eq!(answer.documents[1]["cause"], described["id"]);
}

#[tokio::test]
async fn a_router_tells_its_route() {
    for app in ["axum", "twice"] {
        let event = api_gateway("/orders/7", "orders.example", json!({}));
        let answer = served(app, SAMPLED, event).await;
        let body = answer.json()["body"].as_str().unwrap().len();
        let response = json!({"status": 200, "content_length": body});
        let request = part(
            "f",
            "<handler>",
            json!({
                "annotations": {"http_route": "/orders/{id}"},
                "http": http("https://orders.example/orders/7", response),
            }),
        );
        assert_eq!(
            comparable(&answer.documents),
            [part("call", "<f>", json!({})), handler(json!({"subsegments": [embedded(request)]}))],
            "{app}"
        );
    }
}

#[tokio::test]
async fn a_streamed_response_leaves_with_its_body() {
    let event = api_gateway("/lines", "orders.example", json!({}));
    let answer = served("streams", SAMPLED, event).await;
    assert!(answer.streamed && answer.body.ends_with(b"one\ntwo\n"));
    let line = |line| part("line", "<f>", json!({"annotations": {"line": line}}));
    let request = part(
        "f",
        "<handler>",
        json!({
            "annotations": {"http_route": "/lines"},
            "http": http("https://orders.example/lines", json!({"status": 200, "content_length": 8})),
        }),
    );
    assert_eq!(
        comparable(&answer.documents),
        [line("one"), line("two"), handler(json!({"subsegments": [embedded(request)]}))]
    );
}

#[tokio::test]
async fn what_is_not_sampled_has_no_request_either() {
    for header in ["Root=<root>;Parent=<parent>;Sampled=0", "Root=<root>;<lineage>"] {
        let event = api_gateway("/orders/7", "orders.example", json!({}));
        let answer = served("axum", header, event).await;
        let sent: Value = serde_json::from_str(answer.json()["body"].as_str().unwrap()).unwrap();
        assert_eq!(sent["x-amzn-trace-id"], filled(header));
        assert_eq!(answer.documents, [] as [Value; 0]);
    }
    // Without a header the router does not begin a trace of its own.
    let event = api_gateway("/orders/7", "orders.example", json!({}));
    let mut api = Api::serve([Invoke::new("r-1", event)]).await;
    let _function = Function::start("axum", &api);
    let answer = api.answer().await;
    assert_eq!(answer.json()["statusCode"], 200);
    assert_eq!(answer.documents, [] as [Value; 0]);
}

#[tokio::test]
async fn a_callers_trace_comes_before_an_unsampled_one() {
    let traceparent = "00-67891233abcdef012345678912345678-463ac35c9f6413ad-01";
    let headers = json!({"traceparent": traceparent, "tracestate": "a=b"});
    let event = api_gateway("/orders/7", "orders.example", headers);
    let header = "Root=<root>;Parent=<parent>;Sampled=0;<lineage>";
    let answer = served("bare", header, event.clone()).await;
    let sent: Value = serde_json::from_str(answer.json()["body"].as_str().unwrap()).unwrap();
    let (root, id) = ("1-67891233-abcdef012345678912345678", sent["id"].as_str().unwrap());
    let expected = filled(&format!("Root={root};Parent={id};Sampled=1;<lineage>"));
    assert_eq!(sent["x-amzn-trace-id"], expected);
    assert_eq!(sent["tracestate"], "a=b");
    let mut expected = [part("call", "<handler>", json!({})), handler(json!({}))];
    expected.iter_mut().for_each(|document| document["trace_id"] = root.into());
    expected[1]["parent_id"] = "463ac35c9f6413ad".into();
    assert_eq!(comparable(&answer.documents), expected);

    // But not before one that is sampled.
    let answer = served("bare", SAMPLED, event).await;
    assert_eq!(answer.documents[1]["parent_id"], PARENT);
}
