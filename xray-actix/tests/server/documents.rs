//! What the segment of a request holds.

use crate::support::{only, recording, request_block, settled};
use actix_web::{App, HttpResponse, guard, web};
use serde_json::json;
use xray_actix::{CurrentSegment, Subsegment, XRayMiddleware, subsegment};

#[test]
fn plain_request() {
    let (xray, memory) = recording();
    let server = serve!(
        App::new().wrap(xray.clone()).route("/orders/{id}", web::get().to(async || "an order"))
    );
    let headers = ["User-Agent: tests/1", "X-Forwarded-For: 203.0.113.7 , 10.0.0.1"];
    let answer = server.request("GET", "/orders/7?token=secret", &headers);
    assert_eq!(answer.body(), "an order");
    let expected = json!({
        "name": "orders",
        "http": {
            "request": {
                "method": "GET",
                "url": "http://shop.example/orders/7",
                "user_agent": "tests/1",
                "client_ip": "203.0.113.7",
                "x_forwarded_for": true,
            },
            "response": { "status": 200, "content_length": 8 },
        },
        "annotations": { "http_route": "/orders/{id}" },
    });
    assert_eq!(settled(only(&memory)), expected);
}

#[test]
fn forwarded_host_is_not_believed() {
    let (xray, memory) = recording();
    let server = serve!(App::new().wrap(xray.clone()).route("/", web::get().to(async || "")));
    let headers = ["Forwarded: host=evil.example;proto=https", "X-Forwarded-Host: evil.example"];
    server.request("GET", "/", &headers);
    assert_eq!(only(&memory)["http"]["request"], request_block("GET", "/"));
}

#[test]
fn handler_and_its_work_are_in_the_segment() {
    async fn order(segment: CurrentSegment, data: web::Data<u32>) -> String {
        subsegment("load order", async |load| {
            load.annotate("rows", **data);
            // The request's segment, however deep the code runs.
            segment.annotate("customer", "gold");
            Subsegment::begin("query").end();
        })
        .await;
        "an order".to_owned()
    }
    let (xray, memory) = recording();
    let server = serve!(
        App::new()
            .app_data(web::Data::new(3_u32))
            .wrap(xray.clone())
            .route("/", web::get().to(order))
    );
    server.get("/");
    let expected = json!({
        "name": "orders",
        "http": {
            "request": request_block("GET", "/"),
            "response": { "status": 200, "content_length": 8 },
        },
        "annotations": { "http_route": "/", "customer": "gold" },
        "subsegments": [{
            "name": "load order",
            "annotations": { "rows": 3 },
            "subsegments": [{ "name": "query" }],
        }],
    });
    assert_eq!(settled(only(&memory)), expected);
}

#[test]
fn extractor_without_middleware_records_nothing() {
    async fn handler(segment: CurrentSegment) -> String {
        segment.annotate("lost", true);
        segment.is_sampled().to_string()
    }
    let server = serve!(App::new().route("/", web::get().to(handler)));
    assert_eq!(server.get("/").body(), "false");
}

#[test]
fn route_is_the_pattern_that_matched() {
    let (xray, memory) = recording();
    let server = serve!(
        App::new().wrap(xray.clone()).service(
            web::scope("/shops/{shop}")
                .service(
                    web::resource("/{item}").guard(guard::Post()).to(async || HttpResponse::Ok())
                )
                .service(web::resource("/{order:\\d+}").to(async || HttpResponse::Ok()))
        )
    );
    let route = |method, path| {
        server.request(method, path, &[]);
        only(&memory)["annotations"]["http_route"].clone()
    };
    assert_eq!(route("POST", "/shops/a/1"), "/shops/{shop}/{item}");
    assert_eq!(route("GET", "/shops/a/1"), "/shops/{shop}/{order:\\d+}");
    assert!(route("GET", "/elsewhere").is_null());
}

#[test]
fn scope_of_its_own() {
    let (xray, memory) = recording();
    let server = serve!(App::new().route("/outside", web::get().to(async || "outside")).service(
        web::scope("/api").wrap(xray.clone()).route("/{id}", web::get().to(async || "in"))
    ));
    assert_eq!(server.get("/outside").body(), "outside");
    assert_eq!(server.get("/api/1").body(), "in");
    let document = only(&memory);
    assert_eq!(document["http"]["request"]["url"], "http://shop.example/api/1");
    assert_eq!(document["annotations"]["http_route"], "/api/{id}");
    assert_eq!(document["http"]["response"]["content_length"], 2);
}

#[test]
fn setters_reach_the_policy() {
    fn recorded(set: fn(XRayMiddleware) -> XRayMiddleware, headers: &[&str]) -> serde_json::Value {
        let (xray, memory) = recording();
        let xray = set(xray);
        let server = serve!(App::new().wrap(xray.clone()).default_service(web::to(async || "")));
        server.request("GET", "/ignored/path", headers);
        server.request("GET", "/", headers);
        only(&memory)
    }
    let ignoring = recorded(|xray| xray.ignore(["/ignored/*"]), &[]);
    assert_eq!(ignoring["http"]["request"], request_block("GET", "/"));
    assert_eq!(recorded(|xray| xray.name("shop").ignore(["/ignored/*"]), &[])["name"], "shop");
    let by_host = |xray: XRayMiddleware| xray.name_by_host("*.example").ignore(["/ignored/*"]);
    assert_eq!(recorded(by_host, &[])["name"], "shop.example");
    let https = recorded(
        |xray| xray.trust_forwarded_proto().ignore(["/ignored/*"]),
        &["X-Forwarded-Proto: https"],
    );
    assert_eq!(https["http"]["request"]["url"], "https://shop.example/");
}
