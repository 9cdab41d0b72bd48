//! Both functions, as Lambda runs them: a process each, between a stand-in for the Runtime API and one for SQS.

#[path = "../../../xray-lambda/tests/lambda/api.rs"]
#[allow(dead_code, reason = "the tests of the layer need more of it")]
mod api;

use std::{net::SocketAddr, process::Stdio};

use api::{Api, Invoke};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, body::Bytes, body::Incoming, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    sync::mpsc,
};
use xray_lambda::xray_core::testing::Trees;

const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
const FUNCTION: &str = "53995c3f42cd8ad8";

fn invocation(event: Value) -> Invoke {
    Invoke::new("8476a536-e9f4-11e8-9739-2dfe598c3fcd", event)
        .trace(&format!("Root={ROOT};Parent={FUNCTION};Sampled=1"))
}

/// Starts a function where there is nothing but the stand-ins.
fn start(program: &str, api: &Api, queue: Option<SocketAddr>) -> Child {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "orders-function")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("LAMBDA_TASK_ROOT", "/var/task")
        .env("AWS_XRAY_DAEMON_ADDRESS", api.daemon.to_string())
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        // A key that exists nowhere: what leaves this machine could do nothing.
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "none")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    if let Some(queue) = queue {
        command
            .env("AWS_ENDPOINT_URL_SQS", format!("http://{queue}"))
            .env("QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/orders");
    }
    command.spawn().expect("the function starts")
}

/// SQS as far as `SendMessage` goes.
async fn queue() -> (SocketAddr, mpsc::UnboundedReceiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    let (sender, sent) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let sender = sender.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let sender = sender.clone();
                async move {
                    let body = request.into_body().collect().await?.to_bytes();
                    sender.send(serde_json::from_slice(&body).expect("JSON")).expect("a test");
                    let answer = json!({"MessageId": "219f8380-5770-4cc2-8c3e-5c715e145f5e"});
                    let answer = Response::new(Full::new(Bytes::from(answer.to_string())));
                    Ok::<_, hyper::Error>(answer)
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (address, sent)
}

/// What API Gateway makes of a request to an HTTP API.
fn posted(body: &str) -> Value {
    let mut event: Value = serde_json::from_str(include_str!("post.json")).expect("an event");
    event["body"] = json!(body);
    event
}

#[tokio::test]
async fn an_order_goes_into_the_queue_with_its_trace() {
    let (queue, mut sent) = queue().await;
    let events = [posted(r#"{"item":"tea","amount":2}"#), posted("two teas")];
    let mut api = Api::serve(events.map(invocation)).await;
    let _function = start(env!("CARGO_BIN_EXE_place-order"), &api, Some(queue));

    let answer = api.answer().await;
    let response = answer.json();
    assert_eq!((&response["statusCode"], answer.kind.as_str()), (&json!(202), "response"));
    assert_eq!(response["body"], r#"{"order":"219f8380-5770-4cc2-8c3e-5c715e145f5e"}"#);
    let trees = Trees::of(&answer.documents);
    assert_eq!(trees.to_string(), "handler\n  check order\n  SQS (aws)\n");
    assert_eq!(trees.get("handler")["annotations"]["item"], "tea");
    assert_eq!(trees.get("handler")["parent_id"], FUNCTION);
    let call = trees.get("handler/SQS")["id"].as_str().expect("an id");
    let message = sent.recv().await.expect("a message");
    assert_eq!(message["MessageBody"], r#"{"item":"tea","amount":2}"#);
    assert_eq!(
        message["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"],
        format!("Root={ROOT};Parent={call};Sampled=1")
    );

    let answer = api.answer().await;
    assert_eq!(answer.json()["statusCode"], 400);
    let outline = "handler\n  check order (fault)\n";
    assert_eq!(Trees::of(&answer.documents).to_string(), outline);
}

#[tokio::test]
async fn an_order_that_cannot_be_settled_comes_again_alone() {
    let sender = "1-581cf771-a006649127e371903a2de979";
    let message = |id: &str, body: &str| {
        json!({
            "messageId": id,
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
            "body": body,
            "attributes": {
                "AWSTraceHeader": format!("Root={sender};Parent=5fa58e7a2d3f4c11;Sampled=1"),
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1545082649183",
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": "1545082649185",
            },
            "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:orders",
            "awsRegion": "eu-central-1",
        })
    };
    let records = [
        message("1", r#"{"item":"tea","amount":2}"#),
        message("2", r#"{"item":"moon","amount":1}"#),
        message("3", "two teas"),
    ];
    let mut api = Api::serve([invocation(json!({"Records": records}))]).await;
    let _function = start(env!("CARGO_BIN_EXE_settle-orders"), &api, None);

    let answer = api.answer().await;
    let failures = json!([{"itemIdentifier": "2"}, {"itemIdentifier": "3"}]);
    assert_eq!(answer.json(), json!({"batchItemFailures": failures}));
    // All in the trace of whoever ordered, but for what Lambda invoked.
    let (theirs, ours): (Vec<Value>, Vec<Value>) =
        answer.documents.into_iter().partition(|document| document["trace_id"] == sender);
    let name = "orders-function";
    let charged = |fault: &str| format!("{name}{fault}\n  charge{fault}\n");
    assert_eq!(
        Trees::of(&theirs).to_string(),
        format!("{}{}{name} (fault)\n", charged(""), charged(" (fault)"))
    );
    let ours = Trees::of(&ours);
    assert_eq!(ours.to_string(), "handler\n  orders batch (fault)\n");
    assert_eq!(
        ours.get("handler/orders batch")["annotations"],
        json!({"batch_size": 3, "batch_failures": 2})
    );
}
