//! Where the layer stands, and what more than one of it does.

#![cfg(feature = "axum")]

use std::{net::SocketAddr, time::Duration};

use axum::{Router, body::Body, http::Request, routing::get};
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_layer::Layer;
use xray_core::{Delivery, sample::LocalRules, testing::MemoryEmitter};
use xray_tower::{CurrentSegment, Recorder, XRayLayer, subsegment};

fn recorder(rules: LocalRules) -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let builder = Recorder::builder("shop").emitter(memory.clone()).delivery(Delivery::Inline);
    (builder.sampling_rules(rules).build().unwrap(), memory)
}

async fn handler(segment: CurrentSegment) -> &'static str {
    segment.annotate("customer", "gold");
    subsegment("load", async |_| "hello").await
}

/// Sends one request and reads the answer to its end.
async fn ask<S, R>(service: S)
where
    S: tower::Service<Request<Body>, Response = axum::http::Response<R>>,
    S::Error: std::fmt::Debug,
    R: http_body::Body<Data = axum::body::Bytes>,
    R::Error: std::fmt::Debug,
{
    let mut request = Request::get("/items/7").body(Body::empty()).unwrap();
    request.extensions_mut().insert(SocketAddr::from(([192, 0, 2, 7], 4711)));
    let response = service.oneshot(request).await.unwrap();
    let body = std::pin::pin!(response.into_body());
    let body = http_body_util::BodyExt::collect(body).await.unwrap();
    assert_eq!(body.to_bytes(), "hello");
}

fn only(memory: &MemoryEmitter) -> Value {
    let mut documents = memory.take();
    assert_eq!(documents.len(), 1, "{documents:#?}");
    documents.remove(0)
}

#[tokio::test]
async fn the_layer_of_a_router_knows_the_route() {
    let (xray, memory) = recorder(LocalRules::everything());
    ask(Router::new().route("/items/{id}", get(handler)).layer(XRayLayer::with(xray))).await;
    let document = only(&memory);
    assert_eq!(document["annotations"], json!({"http_route": "/items/{id}", "customer": "gold"}));
    assert_eq!(document["http"]["request"]["client_ip"], "192.0.2.7");
}

#[tokio::test]
async fn a_layer_around_the_router_does_not() {
    let (xray, memory) = recorder(LocalRules::everything());
    let app: Router = Router::new().route("/items/{id}", get(handler));
    ask(XRayLayer::with(xray).layer(app)).await;
    assert_eq!(only(&memory)["annotations"], json!({"customer": "gold"}));
}

#[tokio::test]
async fn two_layers_are_one_segment() {
    let (xray, memory) = recorder(LocalRules::everything());
    let layer = || XRayLayer::with(xray.clone());
    let app = Router::new().route("/items/{id}", get(handler)).layer(layer());
    ask(layer().layer(app)).await;
    let document = only(&memory);
    // The inner layer tells the route, the outer one ends the segment.
    assert_eq!(document["annotations"], json!({"http_route": "/items/{id}", "customer": "gold"}));
    assert_eq!(document["subsegments"][0]["name"], "load");
    assert_eq!(xray.stats().sampled, 1);
}

#[tokio::test]
async fn two_layers_are_one_decision() {
    let rules = r#"{"version": 2, "default": {"fixed_target": 0, "rate": 0}}"#.parse().unwrap();
    let (xray, memory) = recorder(rules);
    let layer = || XRayLayer::with(xray.clone());
    let app = Router::new().route("/items/{id}", get(handler)).layer(layer()).layer(layer());
    ask(app).await;
    assert!(xray.flush(Duration::from_secs(5)));
    assert!(memory.take().is_empty());
    assert_eq!((xray.stats().sampled, xray.stats().unsampled), (0, 1));
}

#[tokio::test]
async fn layers_of_two_recorders_are_two_segments() {
    let (one, first) = recorder(LocalRules::everything());
    let (two, second) = recorder(LocalRules::everything());
    let app = Router::new().route("/items/{id}", get(handler));
    ask(app.layer(XRayLayer::with(one)).layer(XRayLayer::with(two))).await;
    assert_eq!(only(&first)["annotations"]["customer"], "gold");
    assert!(only(&second)["annotations"].get("customer").is_none());
}
