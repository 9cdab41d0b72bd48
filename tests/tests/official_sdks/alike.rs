//! The same request to four services: all four SDKs have to tell the same of it.

use serde_json::{Value, json};
use xray_tests::{Child, UdpListener, client, express_app, flask_app};

use crate::services;

const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
const PARENT: &str = "53995c3f42cd8ad8";

#[tokio::test(flavor = "multi_thread")]
async fn one_request_reads_the_same_from_every_sdk() {
    let mut daemon = UdpListener::bind();
    let recorder = |service| services::recorder(service, daemon.address());
    let axum = services::axum(recorder("axum-app")).await;
    let actix = services::actix(recorder("actix-app")).await;
    let [mut flask, mut express] = [flask_app(), express_app()].map(|mut command| {
        command.arg(daemon.address().to_string());
        Child::spawn(command)
    });

    let mut expected = Vec::new();
    for (name, port) in [
        ("actix-app", actix.port()),
        ("axum-app", axum.port()),
        ("express-app", express.port()),
        ("flask-app", flask.port()),
    ] {
        let url = format!("http://127.0.0.1:{port}/direct");
        let request = client().get(format!("{url}?secret=1")).header("user-agent", "referee/1");
        let header = format!("Root={ROOT};Parent={PARENT};Sampled=1");
        let answer = request.header("x-amzn-trace-id", header).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{name}");
        expected.push(json!({
            "name": name,
            "trace_id": ROOT,
            "parent_id": PARENT,
            "request": {"method": "GET", "url": url, "user_agent": "referee/1", "client_ip": "127.0.0.1"},
            "status": 200,
            "ended": true,
        }));
    }

    let documents = daemon.collect_until(|documents| documents.len() == expected.len());
    let mut told: Vec<_> = documents.iter().map(tells).collect();
    told.sort_by_key(|told| told["name"].to_string());
    assert_eq!(told, expected);
}

/// What all SDKs write, under the same names.
fn tells(document: &Value) -> Value {
    let mut request = document["http"]["request"].clone();
    // Node's SDK records the query, which ours leaves out on purpose.
    if let Some((url, _)) = request["url"].as_str().and_then(|url| url.split_once('?')) {
        let url = url.to_owned();
        assert_eq!(document["name"], "express-app", "a query was recorded: {document:#}");
        request["url"] = url.into();
    }
    json!({
        "name": document["name"],
        "trace_id": document["trace_id"],
        "parent_id": document["parent_id"],
        "request": request,
        "status": document["http"]["response"]["status"],
        "ended": document["end_time"].as_f64() >= document["start_time"].as_f64(),
    })
}
