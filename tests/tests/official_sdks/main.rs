//! Chains through the official Python and Node SDKs and through our own middleware.
//!
//! Each has to be one trace with the right parents and one map, whoever begins it.

mod alike;
mod services;

use std::net::SocketAddr;

use serde_json::{Value, json};
use xray_tests::{Child, DEADLINE, Xrayd, client, express_app, flask_app, until};

#[tokio::test(flavor = "multi_thread")]
async fn flask_calls_axum_calls_actix_calls_express() {
    chain("flask-app", "express-app").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn express_calls_axum_calls_actix_calls_flask() {
    chain("express-app", "flask-app").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sampled_stays_so_to_the_end() {
    const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
    const PARENT: &str = "53995c3f42cd8ad8";
    let xrayd = Xrayd::start();
    let recorders = ["axum-app", "actix-app"].map(|name| services::recorder(name, xrayd.address()));
    let [axum, actix] = recorders.clone();
    let (axum, actix) = (services::axum(axum).await, services::actix(actix).await);

    for name in ["flask-app", "express-app"] {
        let mut peer = peer(name, &xrayd);
        let url =
            calls(&format!("http://{actix}"), &format!("http://127.0.0.1:{}/direct", peer.port()));
        let request = client().get(calls(&format!("http://{axum}"), &url));
        let header = format!("Root={ROOT};Parent={PARENT};Sampled=0;Lineage=1:abc:0");
        let answer = request.header("x-amzn-trace-id", &header).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        assert_eq!(answer["header"], header.as_str());
    }

    for recorder in recorders {
        assert!(recorder.flush(DEADLINE));
    }
    // Loopback keeps the order: had anything been sent, it would have come before this.
    xrayd.send(b"the end");
    let stats = until("the end", || {
        let stats = xrayd.stats();
        (stats.rejected_total() > 0).then_some(stats)
    });
    assert_eq!(stats.received, 1, "{stats}");
}

async fn chain(first: &str, last: &str) {
    let xrayd = Xrayd::start();
    let (mut begins, mut ends) = (peer(first, &xrayd), peer(last, &xrayd));
    let axum = services::axum(services::recorder("axum-app", xrayd.address())).await;
    let actix = services::actix(services::recorder("actix-app", xrayd.address())).await;

    let end = format!("http://127.0.0.1:{}/direct", ends.port());
    let url = calls(&format!("http://{actix}"), &end);
    let url = calls(&format!("http://{axum}"), &url);
    let url = calls(&format!("http://127.0.0.1:{}", begins.port()), &url);
    let answer = client().get(url).send().await.expect("the chain answers");
    let answer = answer.text().await.expect("a whole body");

    let names = [first, "axum-app", "actix-app", last];
    let trace = until("one trace of four segments", || {
        let traces = xrayd.console().traces(10);
        // A callee that has not been heard of yet stands in the list by its address.
        let whole = traces.iter().find(|trace| {
            names.iter().all(|name| trace.services.iter().any(|service| service == name))
        })?;
        (!whole.in_progress).then(|| whole.id.clone())
    });
    assert_eq!(xrayd.console().traces(10).len(), 1, "more than one trace");
    assert_eq!(xrayd.stats().rejected_total(), 0, "{}", xrayd.stats());

    let segments = xrayd.segments(&trace).await;
    let found: Vec<_> =
        segments.iter().map(|segment| segment["name"].as_str().unwrap_or("")).collect();
    assert_eq!(found, names);
    for pair in segments.windows(2) {
        let [caller, callee] = pair else { unreachable!("windows of two") };
        let call = &caller["subsegments"][0];
        assert_eq!(callee["parent_id"], call["id"], "{caller:#} called {callee:#}");
        assert_eq!(callee["trace_id"], trace.as_str());
    }
    assert_eq!(segments[0].get("parent_id"), None);
    let answered: Value = serde_json::from_str(&answer).expect("JSON");
    let called_with =
        format!("Root={trace};Parent={};Sampled=1", id(&segments[2]["subsegments"][0]));
    assert_eq!(answered["header"], called_with.as_str());
    let (to_actix, length) = (format!("http://{actix}/call"), answer.len());
    assert_eq!(segments[1], expected(&segments[1], axum, &to_actix, length));
    assert_eq!(segments[2], expected(&segments[2], actix, &end, length));
    assert_map(&xrayd.get("/api/map?range=all").await, &names);
}

fn peer(name: &str, xrayd: &Xrayd) -> Child {
    let mut command = if name == "flask-app" { flask_app() } else { express_app() };
    command.arg(xrayd.address().to_string());
    Child::spawn(command)
}

fn calls(service: &str, url: &str) -> String {
    let address = reqwest::Url::parse_with_params(&format!("{service}/call"), [("url", url)]);
    address.expect("a URL").into()
}

fn id(entity: &Value) -> &str {
    entity["id"].as_str().expect("an id")
}

/// The whole document of one of our services: what differs between runs is taken from the document itself.
fn expected(segment: &Value, at: SocketAddr, next: &str, length: usize) -> Value {
    let call = &segment["subsegments"][0];
    assert!(in_order(&[
        &segment["start_time"],
        &call["start_time"],
        &call["end_time"],
        &segment["end_time"]
    ]));
    let service = segment["name"].as_str().expect("a name");
    let mut document = json!({
        "name": service,
        "id": segment["id"],
        "trace_id": segment["trace_id"],
        "parent_id": segment["parent_id"],
        "start_time": segment["start_time"],
        "end_time": segment["end_time"],
        "http": {
            "request": {"method": "GET", "url": format!("http://{at}/call"), "client_ip": "127.0.0.1"},
            "response": {"status": 200, "content_length": length},
        },
        "aws": {"xray": {"sdk": "X-Ray for Rust", "sdk_version": env!("CARGO_PKG_VERSION")}},
        "service": {"runtime": "rustc", "runtime_version": segment["service"]["runtime_version"]},
        "annotations": {"http_route": "/call"},
        "subsegments": [{
            "name": "127.0.0.1",
            "id": call["id"],
            "start_time": call["start_time"],
            "end_time": call["end_time"],
            "namespace": "remote",
            "http": {"request": {"method": "GET", "url": next}, "response": {"status": 200}},
        }],
    });
    // Python's client tells who it is, the others do not.
    let agent = &segment["http"]["request"]["user_agent"];
    if agent.as_str().is_some_and(|agent| agent.starts_with("python-requests/")) {
        document["http"]["request"]["user_agent"] = agent.clone();
    }
    document
}

fn in_order(times: &[&Value]) -> bool {
    times.is_sorted_by_key(|time| time.as_f64().expect("a time"))
}

/// The nodes and edges of the chain and of whoever began it, and nothing else.
fn assert_map(map: &Value, names: &[&str]) {
    let nodes = map["nodes"].as_array().expect("nodes");
    let label = |index: &Value| {
        let node = &nodes[index.as_u64().expect("an index") as usize];
        (node["name"].as_str().unwrap_or(""), node["type"].as_str())
    };
    let edges = map["edges"].as_array().expect("edges");
    let mut found: Vec<_> =
        edges.iter().map(|edge| (label(&edge["from"]), label(&edge["to"]))).collect();
    let mut wanted = vec![((names[0], Some("client")), (names[0], None))];
    wanted.extend(names.windows(2).map(|pair| ((pair[0], None), (pair[1], None))));
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
    assert_eq!(nodes.len(), names.len() + 1, "{map:#}");
}
