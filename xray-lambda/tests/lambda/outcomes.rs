//! How invocations end, and what has been sent by then.

use std::time::Duration;

use futures_util::FutureExt;
use lambda_runtime::{
    Context, Error, LambdaEvent, service_fn,
    tower::{Layer, Service},
};
use serde_json::{Value, json};
use xray_core::{Delivery, Recorder, environment::Machine, subsegment, testing::MemoryEmitter};
use xray_lambda::{XRayInvocation, XRayLambdaLayer};

use crate::{
    api::{Answer, Api, Invoke},
    documents::{comparable, handler, part},
    function::Function,
    headers::{PARENT, filled},
};

const SAMPLED: &str = "Root=<root>;Parent=<parent>;Sampled=1";

async fn invoked(handler: &str) -> Answer {
    let mut api = Api::serve([Invoke::new("r-1", json!("x")).trace(&filled(SAMPLED))]).await;
    let _function = Function::start(handler, &api);
    api.answer().await
}

#[tokio::test]
async fn an_error_is_a_fault_with_its_causes() {
    let answer = invoked("fails").await;
    assert_eq!(answer.kind, "error");
    assert_eq!(answer.json()["errorMessage"], "the order cannot be read");
    let exceptions = json!({"exceptions": [
        {"message": "the order cannot be read", "type": "BadOrder"},
        {"message": "invalid digit found in string", "type": "ParseIntError"},
    ]});
    assert_eq!(
        comparable(&answer.documents),
        [
            part("work", "<handler>", json!({})),
            handler(json!({"fault": true, "cause": exceptions})),
        ]
    );
}

#[tokio::test]
async fn an_error_without_display_is_told_by_its_debug() {
    let answer = invoked("refuses").await;
    assert_eq!(answer.json()["errorMessage"], "order refused");
    let exceptions = json!({"exceptions": [
        {"message": "Refused { order: 7 }", "type": "lambda::function::Refused"},
    ]});
    let expected = handler(json!({"fault": true, "cause": exceptions}));
    assert_eq!(comparable(&answer.documents), [expected]);
}

#[tokio::test]
async fn an_error_that_is_a_text_or_told_to_lambda_is_told_alike() {
    for (name, kind, message) in
        [("says", "alloc::string::String", "no \"order\""), ("tells", "Refused", "order refused")]
    {
        let answer = invoked(name).await;
        assert_eq!(answer.json()["errorMessage"], message);
        let exceptions = json!({"exceptions": [{"message": message, "type": kind}]});
        let expected = handler(json!({"fault": true, "cause": exceptions}));
        assert_eq!(comparable(&answer.documents), [expected]);
    }
}

#[tokio::test]
async fn a_second_layer_adds_nothing() {
    let answer = invoked("layered").await;
    let annotations = json!({"cold_start": true, "request_id": "r-1", "n": 0});
    assert_eq!(
        comparable(&answer.documents),
        [part("call", "<handler>", json!({})), handler(json!({"annotations": annotations}))]
    );
}

#[tokio::test]
async fn whoever_forgets_to_install_a_recorder_is_told_once() {
    let invokes = ["r-1", "r-2"].map(|id| Invoke::new(id, json!({})).trace(&filled(SAMPLED)));
    let mut api = Api::serve(invokes).await;
    let _function = Function::start("forgets", &api);
    for _ in 0..2 {
        let answer = api.answer().await;
        let warnings = answer.json();
        assert_eq!(warnings.as_array().map(Vec::len), Some(1), "{warnings}");
        assert!(warnings[0].as_str().unwrap().contains("Recorder::install"), "{warnings}");
        assert_eq!(answer.documents, [] as [Value; 0]);
    }
}

#[tokio::test]
async fn a_panic_is_a_fault_and_goes_on() {
    let answer = invoked("panics").await;
    assert_eq!(answer.kind, "error");
    assert_eq!(answer.json()["errorMessage"], "Lambda panicked: no such order");
    let exceptions = json!({"exceptions": [{"message": "no such order", "type": "panic"}]});
    let mut documents = comparable(&answer.documents);
    // The subsegment describes it, the handler names it by its id.
    assert!(documents[1]["cause"].is_string(), "{documents:#?}");
    documents[1].as_object_mut().unwrap().remove("cause");
    assert_eq!(
        documents,
        [
            part("work", "<handler>", json!({"fault": true, "cause": exceptions})),
            handler(json!({"fault": true})),
        ]
    );
}

#[tokio::test]
async fn a_panic_without_a_future_is_a_fault_too() {
    let answer = invoked("panics at once").await;
    assert_eq!(answer.json()["errorMessage"], "Lambda panicked: no such order");
    let exceptions = json!({"exceptions": [{"message": "no such order", "type": "panic"}]});
    let expected = handler(json!({"fault": true, "cause": exceptions}));
    assert_eq!(comparable(&answer.documents), [expected]);
}

#[tokio::test]
async fn what_has_little_time_is_sent_in_its_last_tenth() {
    let time = Duration::from_millis(500);
    let invoke = Invoke::new("r-1", json!({})).trace(&filled(SAMPLED)).time(time);
    let api = Api::serve([invoke]).await;
    let _function = Function::start("hangs", &api);
    let mut documents = api.documents().await;
    while documents.len() < 2 {
        documents.extend(api.documents().await);
    }
    let message = documents[1]["cause"]["exceptions"][0]["message"].as_str().unwrap();
    let left = message.strip_prefix("the handler still runs ").unwrap();
    let left: u32 = left.strip_suffix(" ms before its deadline").unwrap().parse().unwrap();
    assert!(left <= 50, "{message}");
}

#[tokio::test]
async fn what_is_dropped_leaves_as_far_as_it_went() {
    let (memory, mut function) = in_process(service_fn(async |_: LambdaEvent<()>| {
        subsegment("slow", async |_| std::future::pending().await).await
    }));
    let mut context = Context::default();
    context.xray_trace_id = Some(filled(SAMPLED));
    let invocation = function.call(LambdaEvent::new((), context));
    assert!(invocation.now_or_never().is_none());
    let documents = memory.take();
    let names: Vec<_> = documents.iter().map(|document| &document["name"]).collect();
    assert_eq!(names, ["slow", "handler"]);
    assert_eq!(documents[1]["parent_id"], PARENT);
    assert!(documents.iter().all(|document| document["end_time"].is_f64()), "{documents:#?}");
}

#[tokio::test]
async fn the_environment_counts_where_the_context_has_no_header() {
    let (memory, mut function) = in_process(service_fn(async |_: LambdaEvent<()>| Ok(())));
    function.call(LambdaEvent::new((), Context::default())).await.unwrap();
    let documents = memory.take();
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0]["parent_id"], "463ac35c9f6413ad");
    let mut context = Context::default();
    context.xray_trace_id = Some(filled(SAMPLED));
    function.call(LambdaEvent::new((), context)).await.unwrap();
    assert_eq!(memory.take()[0]["parent_id"], PARENT);
}

/// A function of this process, in whose environment there is a header.
fn in_process<H>(handler: H) -> (MemoryEmitter, XRayInvocation<H>)
where
    H: Service<LambdaEvent<()>, Response = (), Error = Error>,
{
    let memory = MemoryEmitter::new();
    let header = "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1";
    let machine = Machine::with_root("/nowhere")
        .variable("LAMBDA_TASK_ROOT", "/var/task")
        .variable("_X_AMZN_TRACE_ID", header);
    let xray = Recorder::builder("f").machine(machine).emitter(memory.clone());
    let xray = xray.delivery(Delivery::Inline).build().unwrap();
    (memory, XRayLambdaLayer::with(xray).layer(handler))
}

#[tokio::test]
async fn what_is_killed_by_time_is_there() {
    let time = Duration::from_millis(1_500);
    let invoke = Invoke::new("r-1", json!({})).trace(&filled(SAMPLED)).time(time);
    let api = Api::serve([invoke]).await;
    let mut function = Function::start("hangs", &api);
    let mut documents = api.documents().await;
    while documents.len() < 2 {
        documents.extend(api.documents().await);
    }
    // Nothing tells of a deadline but the clock.
    tokio::time::sleep(Duration::from_millis(100)).await;
    function.kill();
    assert_eq!(api.rest(), [] as [Value; 0]);
    let timeout = json!({"exceptions": [
        {"message": "the handler still runs 100 ms before its deadline", "type": "Timeout"},
    ]});
    assert_eq!(
        comparable(&documents),
        [
            part("done", "<handler>", json!({})),
            handler(json!({
                "in_progress": true,
                "fault": true,
                "cause": timeout,
                "subsegments": [{"name": "slow", "id": "<slow>", "in_progress": true}],
            })),
        ]
    );
}

#[tokio::test]
async fn what_a_task_left_behind_leaves_open_is_sent() {
    let answer = invoked("leaves").await;
    let work = json!([{"name": "work", "id": "<work>", "in_progress": true}]);
    assert_eq!(comparable(&answer.documents), [handler(json!({"subsegments": work}))]);
}

#[tokio::test]
async fn nothing_is_left_unsent_when_the_response_is_posted() {
    let mut api = Api::serve([Invoke::new("r-1", json!(50)).trace(&filled(SAMPLED))]).await;
    let _function = Function::start("works", &api);
    // The daemon's port has closed at the instant in which the response came.
    let documents = api.answer().await.documents;
    assert_eq!(documents.len(), 101);
    assert_eq!(documents[100]["name"], "handler");
}

#[tokio::test]
async fn only_the_first_start_is_cold() {
    let invokes = ["r-1", "r-2"].map(|id| Invoke::new(id, json!({})).trace(&filled(SAMPLED)));
    for (how, expected) in [("on-demand", [true, false]), ("provisioned-concurrency", [false; 2])] {
        let mut api = Api::serve(invokes.clone()).await;
        let variables = [("AWS_LAMBDA_INITIALIZATION_TYPE", how)];
        let _function = Function::start_with("calls", &api, &variables);
        for expected in expected {
            let answer = api.answer().await;
            assert_eq!(answer.documents[1]["annotations"]["cold_start"], expected, "{how}");
            assert_eq!(answer.documents[1]["annotations"]["request_id"], *answer.request_id);
        }
    }
}

#[tokio::test]
async fn invocations_beside_each_other_do_not_mix() {
    let roots = ["1-5759e988-aaaaaaaaaaaaaaaaaaaaaaaa", "1-5759e988-bbbbbbbbbbbbbbbbbbbbbbbb"];
    let invokes = [("r-0", 0), ("r-1", 1)].map(|(id, n)| {
        let header = format!("Root={};Parent={n}{};Sampled=1", roots[n], &PARENT[1..]);
        Invoke::new(id, json!({"n": n})).trace(&header)
    });
    let mut api = Api::serve(invokes).await;
    let _function = Function::start_with("meets", &api, &[("AWS_LAMBDA_MAX_CONCURRENCY", "2")]);
    let mut answers = [api.answer().await, api.answer().await];
    answers.sort_by(|one, other| one.request_id.cmp(&other.request_id));
    let documents: Vec<&Value> = answers.iter().flat_map(|answer| &answer.documents).collect();
    assert_eq!(documents.len(), 6);
    for (n, answer) in answers.iter().enumerate() {
        let id_of = |name: &str| {
            let is =
                |document: &&&Value| document["name"] == name && document["trace_id"] == roots[n];
            let found: Vec<_> = documents.iter().filter(is).collect();
            assert_eq!(found.len(), 1, "{documents:#?}");
            assert!(found[0].get("annotations").is_none_or(|own| own["n"] == n), "{documents:#?}");
            (found[0]["id"].as_str().unwrap(), found[0]["parent_id"].as_str().unwrap())
        };
        let (handler, outside) = id_of("handler");
        let (work, parent_of_work) = id_of("work");
        let (call, parent_of_call) = id_of("call");
        assert_eq!(
            [outside, parent_of_work, parent_of_call],
            [&*format!("{n}{}", &PARENT[1..]), handler, work]
        );
        let header = format!("Root={};Parent={call};Sampled=1", roots[n]);
        assert_eq!(answer.json()["x-amzn-trace-id"], header);
    }
}
