//! Our side of a chain: a service on axum and one on actix-web. Each answers under
//! `/direct` and calls on under `/call`.

use std::net::{SocketAddr, TcpListener};

use axum::extract::Query;
use serde_json::Value;
use xray_actix::XRayMiddleware;
use xray_core::header::HEADER_NAME;
use xray_core::sample::LocalRules;
use xray_core::{Namespace, Recorder, subsegment};
use xray_tests::client;
use xray_tower::XRayLayer;

/// A recorder that sends to this daemon. It samples nothing by itself: what is recorded, the caller has decided.
pub(crate) fn recorder(service: &str, daemon: SocketAddr) -> Recorder {
    let nothing = serde_json::json!({
        "version": 2,
        "rules": [],
        "default": {"fixed_target": 0, "rate": 0.0},
    });
    Recorder::builder(service)
        .daemon(daemon)
        .sampling_rules(LocalRules::from_value(&nothing).expect("good rules"))
        .build()
        .expect("a good address")
}

/// Serves on axum until the test's runtime ends; returns the address.
pub(crate) async fn axum(xray: Recorder) -> SocketAddr {
    let call = async |Query(query): Query<Value>| call(&query).await;
    let app = axum::Router::new()
        .route("/direct", axum::routing::get("direct"))
        .route("/call", axum::routing::get(call))
        .layer(XRayLayer::with(xray));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async { axum::serve(listener, app).await });
    address
}

/// Serves on actix-web until the test's runtime ends; returns the address.
pub(crate) async fn actix(xray: Recorder) -> SocketAddr {
    use actix_web::{App, HttpServer, web};

    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let address = listener.local_addr().expect("bound");
    let server = HttpServer::new(move || {
        let call = async |web::Query(query): web::Query<Value>| call(&query).await;
        App::new()
            .wrap(XRayMiddleware::with(xray.clone()))
            .route("/direct", web::get().to(async || "direct"))
            .route("/call", web::get().to(call))
    });
    let server = server.workers(1).disable_signals().listen(listener).expect("a listener");
    tokio::spawn(server.run());
    address
}

/// Calls the URL that was asked for, as a subsegment that hands the trace on.
async fn call(query: &Value) -> String {
    let url = query["url"].as_str().expect("a URL to call");
    subsegment("127.0.0.1", async |call| {
        call.namespace(Namespace::Remote);
        call.http_request("GET", url);
        let header = call.trace_header().expect("inside a request");
        let response = client().get(url).header(HEADER_NAME, header.to_string()).send().await;
        let response = response.expect("the next one answers");
        call.http_response(response.status().as_u16());
        response.text().await.expect("a whole body")
    })
    .await
}
