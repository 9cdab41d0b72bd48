//! A call and the service that answers it are one trace: our clients, our middlewares, hyper's HTTP.

use std::{net::TcpListener, time::Duration};

use axum::{Router, routing::get};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{HttpConnector, dns::GaiResolver},
    },
    rt::TokioExecutor,
};
use reqwest_middleware::ClientBuilder;
use serde_json::Value;
use tower::{Service, ServiceBuilder};
use xray_core::{
    Entity, Recorder,
    testing::{MemoryEmitter, Trees},
};
use xray_reqwest::XRayMiddleware;
use xray_tower::{XRayClientLayer, XRayLayer, client::Phase};

use crate::tower_client::block_on;

#[test]
fn a_call_and_its_answer_are_one_trace() {
    let memory = MemoryEmitter::new();
    let recorder = |name: &str| Recorder::builder(name).emitter(memory.clone()).build().unwrap();
    let (shop, payments) = (recorder("shop"), recorder("payments"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().route("/charge", get(async || "paid")).layer(XRayLayer::with(payments));
    let segment = shop.segment("shop").sampled(true).begin();
    block_on(Some(Entity::clone(&segment)), async {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let serving = tokio::spawn(async { axum::serve(listener, app).await });
        let client = ClientBuilder::new(reqwest::Client::new());
        let client = client.with(XRayMiddleware::new().traced()).build();
        let answer = client.get(format!("http://{address}/charge")).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "paid");
        serving.abort();
    });
    drop(segment);
    let documents: Vec<Value> = memory.wait(2, Duration::from_secs(10));
    let trees = Trees::of(&documents);
    let served = trees.get("shop/127.0.0.1/payments");
    assert_eq!(served["annotations"]["http_route"], "/charge");
    assert_eq!(trees.get("shop/127.0.0.1")["http"]["request"]["traced"], true);
}

#[test]
fn phases_of_a_connection_lie_under_the_call_that_needs_it() {
    let memory = MemoryEmitter::new();
    let shop = Recorder::builder("shop").emitter(memory.clone()).build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let segment = shop.segment("shop").sampled(true).begin();
    block_on(Some(Entity::clone(&segment)), async {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let app: Router = Router::new().route("/", get(async || "hello"));
        let serving = tokio::spawn(async { axum::serve(listener, app).await });
        let http = HttpConnector::new_with_resolver(Phase::dns(GaiResolver::new()));
        let client = Client::builder(TokioExecutor::new()).build(Phase::connect(http));
        let mut client = ServiceBuilder::new().layer(XRayClientLayer::new()).service(client);
        let mut call = async |port: u16| {
            let url = format!("http://localhost:{port}/");
            let request = http::Request::get(url).body(Empty::<Bytes>::new()).unwrap();
            Some(client.call(request).await.ok()?.into_body().collect().await.unwrap())
        };
        assert!(call(port).await.is_some());
        assert!(call(port).await.is_some(), "over the same connection");
        assert!(call(1).await.is_none());
        serving.abort();
    });
    drop(segment);
    let outline = Trees::of(&memory.wait(1, Duration::from_secs(10))).to_string();
    assert_eq!(
        outline,
        "shop\n  localhost (remote)\n    connect\n      dns\n  localhost (remote)\n  \
         localhost (remote, fault)\n    connect (fault)\n      dns\n"
    );
}
