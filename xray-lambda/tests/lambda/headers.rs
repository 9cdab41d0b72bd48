//! Each state of the header that Lambda gives: what is sent, and what calls carry.

use serde_json::{Value, json};

use crate::{
    api::{Answer, Api, Invoke},
    documents::{comparable, handler, part},
    function::Function,
};

pub(crate) const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
pub(crate) const PARENT: &str = "53995c3f42cd8ad8";
const LINEAGE: &str = "Lineage=1:5c2d3b7a:0";

/// The answers to one invocation with this header.
async fn invoked_with(header: Option<&str>, variables: &[(&str, &str)]) -> Answer {
    let invoke = Invoke::new("r-1", json!({"n": 1}));
    let invoke = match header {
        Some(header) => invoke.trace(&filled(header)),
        None => invoke,
    };
    let mut api = Api::serve([invoke]).await;
    let _function = Function::start_with("calls", &api, variables);
    let answer = api.answer().await;
    assert_eq!((&*answer.request_id, &*answer.kind), ("r-1", "response"));
    assert!(!answer.streamed);
    answer
}

pub(crate) fn filled(header: &str) -> String {
    header.replace("<root>", ROOT).replace("<parent>", PARENT).replace("<lineage>", LINEAGE)
}

fn carried(answer: &Answer, name: &str) -> Option<String> {
    answer.json().get(name).map(|value| value.as_str().unwrap().to_owned())
}

/// Asserts what one invocation that is not recorded sends: nothing, and this with its calls.
#[track_caller]
fn assert_unrecorded(answer: &Answer, expected: Option<&str>) {
    assert_eq!(carried(answer, "x-amzn-trace-id"), expected.map(filled));
    assert_eq!(answer.documents, [] as [Value; 0]);
}

#[tokio::test]
async fn sampled() {
    let answer = invoked_with(Some("Root=<root>;Parent=<parent>;Sampled=1;<lineage>"), &[]).await;
    let call = carried(&answer, "id").unwrap();
    let expected = filled(&format!("Root=<root>;Parent={call};Sampled=1;<lineage>"));
    assert_eq!(carried(&answer, "x-amzn-trace-id").unwrap(), expected);
    let trace = ROOT[2..].replace('-', "");
    assert_eq!(carried(&answer, "traceparent").unwrap(), format!("00-{trace}-{call}-01"));
    assert_eq!(
        comparable(&answer.documents),
        [
            part("call", "<handler>", json!({})),
            handler(json!({
                "annotations": {"cold_start": true, "request_id": "r-1", "n": 1},
            })),
        ]
    );
}

#[tokio::test]
async fn not_sampled() {
    let header = "Root=<root>;Parent=<parent>;Sampled=0;<lineage>";
    assert_unrecorded(&invoked_with(Some(header), &[]).await, Some(header));
}

#[tokio::test]
async fn passed_through() {
    let header = "Root=<root>;<lineage>";
    let answer = invoked_with(Some(header), &[]).await;
    assert_unrecorded(&answer, Some(header));
    assert_eq!(carried(&answer, "traceparent"), None);
}

#[tokio::test]
async fn missing() {
    let answer = invoked_with(None, &[]).await;
    assert_unrecorded(&answer, None);
    assert_eq!(carried(&answer, "traceparent"), None);
}

#[tokio::test]
async fn decision_requested() {
    let answer = invoked_with(Some("Root=<root>;Parent=<parent>;Sampled=?"), &[]).await;
    assert_unrecorded(&answer, Some("Root=<root>;Parent=<parent>;Sampled=0"));
}

#[tokio::test]
async fn malformed() {
    assert_unrecorded(&invoked_with(Some("Root=1-zz;Parent=<parent>;Sampled=1"), &[]).await, None);
}

#[tokio::test]
async fn disabled() {
    let header = "Root=<root>;Parent=<parent>;Sampled=1";
    let answer = invoked_with(Some(header), &[("AWS_XRAY_SDK_ENABLED", "false")]).await;
    assert_unrecorded(&answer, None);
}
