//! Responses whose body is not complete when the handler returns.

use std::time::{Duration, SystemTime};

use axum::body::Body;
use http_body_util::BodyExt;
use lambda_http::{
    Context, RequestExt,
    tower::{Layer, Service},
};
use serde_json::{Value, json};
use tokio::{runtime::Handle, task::yield_now};
use xray_core::{Delivery, Recorder, environment::Machine, testing::MemoryEmitter};
use xray_lambda::XRayLambdaLayer;
use xray_tower::XRayLayer;

use crate::{
    api::{Api, Invoke},
    documents::{comparable, handler, part, with},
    function::Function,
    headers::filled,
    http::{SAMPLED, api_gateway, app, embedded, http},
};

fn invoke(id: &'static str, path: &str, time: Duration) -> Invoke {
    let event = api_gateway(path, "orders.example", json!({}));
    Invoke::new(id, event).trace(&filled(SAMPLED)).time(time)
}

async fn documents(api: &Api, count: usize) -> Vec<Value> {
    let mut documents = api.documents().await;
    while documents.len() < count {
        documents.extend(api.documents().await);
    }
    documents
}

/// What is there of one that hangs, under this layer's subsegment.
fn hanging() -> Value {
    let request = part(
        "f",
        "<handler>",
        json!({
            "in_progress": true,
            "annotations": {"http_route": "/hangs"},
            "http": http("https://orders.example/hangs", json!({"status": 200})),
        }),
    );
    let timeout = json!({"exceptions": [
        {"message": "the response is not complete 100 ms before its deadline", "type": "Timeout"},
    ]});
    handler(json!({
        "in_progress": true,
        "fault": true,
        "cause": timeout,
        "subsegments": [embedded(request)],
    }))
}

#[tokio::test]
async fn what_is_killed_by_time_is_there() {
    for app in ["axum", "streams"] {
        let api = Api::serve([invoke("r-1", "/hangs", Duration::from_millis(1_500))]).await;
        let mut function = Function::start(app, &api);
        let documents = documents(&api, 2).await;
        // Nothing tells of a deadline but the clock.
        tokio::time::sleep(Duration::from_millis(100)).await;
        function.kill();
        assert_eq!(api.rest(), [] as [Value; 0], "{app}");
        let expected = [part("line", "<f>", json!({})), hanging()];
        assert_eq!(comparable(&documents), expected, "{app}");
    }
}

#[tokio::test]
async fn a_body_that_ends_in_time_leaves_once() {
    for app in ["axum", "streams"] {
        // The second one shows that the time of the first is over.
        let mut api = Api::serve([
            invoke("r-1", "/lines", Duration::from_secs(1)),
            invoke("r-2", "/hangs", Duration::from_secs(2)),
        ])
        .await;
        let _function = Function::start(app, &api);
        let answer = api.answer().await;
        let names: Vec<_> = answer.documents.iter().map(|document| &document["name"]).collect();
        assert_eq!(names, ["line", "line", "handler"], "{app}");
        assert!(answer.documents[2].get("in_progress").is_none(), "{app}");
        let annotations = json!({"cold_start": false, "request_id": "r-2"});
        let hanging = with(hanging(), json!({"annotations": annotations}));
        let expected = [part("line", "<f>", json!({})), hanging];
        assert_eq!(comparable(&documents(&api, 2).await), expected, "{app}");
    }
}

/// The response of this process to a request, which has a minute.
async fn response(path: &str) -> (MemoryEmitter, lambda_http::Response<impl BodyExt>) {
    let memory = MemoryEmitter::new();
    let machine = Machine::with_root("/nowhere").variable("LAMBDA_TASK_ROOT", "/var/task");
    let xray = Recorder::builder("f").machine(machine).emitter(memory.clone());
    let xray = xray.delivery(Delivery::Inline).build().unwrap();
    let inner = app().layer(XRayLayer::with(xray.clone()));
    let mut function = XRayLambdaLayer::with(xray).layer(inner);
    let mut context = Context::default();
    context.xray_trace_id = Some(filled(SAMPLED));
    let deadline = SystemTime::now() + Duration::from_secs(60);
    let deadline = deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    context.deadline = deadline.as_millis() as u64;
    let request = lambda_http::http::Request::get(path).body(Body::empty()).unwrap();
    let response = function.call(request.with_lambda_context(context)).await.unwrap();
    (memory, response)
}

/// Tasks of the runtime, when each has had its turn.
async fn tasks() -> usize {
    for _ in 0..10 {
        yield_now().await;
    }
    Handle::current().metrics().num_alive_tasks()
}

#[tokio::test]
async fn a_body_is_watched_as_long_as_it_is_there() {
    let (memory, hanging) = response("/hangs").await;
    assert_eq!((tasks().await, memory.take().len()), (1, 0));
    drop(hanging);
    assert_eq!(tasks().await, 0);
    let given_up = memory.take();
    assert_eq!(given_up.len(), 1);
    assert!(given_up[0].get("in_progress").is_none());

    let (memory, complete) = response("/lines").await;
    assert_eq!(tasks().await, 1);
    assert!(complete.into_body().collect().await.is_ok());
    assert_eq!((tasks().await, memory.take().len()), (0, 3));

    // One without a body is complete: the request has left, and `handler`.
    let (memory, _empty) = response("/orders/8").await;
    assert_eq!((tasks().await, memory.take().len()), (0, 2));
}
