//! When the segment of a request ends, and how.

use std::{
    convert::Infallible,
    future,
    io::{self, Read},
    net::TcpStream,
    time::Duration,
};

use crate::support::{Serving, cause, only, recording, request_block, settled};
use actix_web::{
    App, HttpResponse, HttpServer,
    body::SizedStream,
    middleware::Compress,
    rt::time::sleep,
    web::{self, Bytes},
};
use futures_util::stream;
use serde_json::{Value, json};
use xray_actix::Subsegment;

const GONE: &str = "the client left before the response was complete";

/// A stream of so many parts, one every 30 milliseconds.
fn slow(parts: u32) -> impl stream::Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(0, move |sent| async move {
        if sent == parts {
            return None;
        }
        sleep(Duration::from_millis(30)).await;
        Some((Ok(Bytes::from_static(b"part")), sent + 1))
    })
}

fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.contains(end) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        text.push(char::from(byte[0]));
    }
    text
}

fn seconds(document: &Value) -> f64 {
    document["end_time"].as_f64().unwrap() - document["start_time"].as_f64().unwrap()
}

fn response(document: &Value) -> &Value {
    assert!(document.get("cause").is_none(), "{document:#}");
    assert!(document.get("error").is_none(), "{document:#}");
    &document["http"]["response"]
}

#[test]
fn closes_when_body_ends() {
    let (xray, memory) = recording();
    let server = serve!(
        App::new()
            .wrap(xray.clone())
            .route("/", web::get().to(async || HttpResponse::Ok().streaming(slow(10))))
    );
    assert_eq!(server.get("/").0.matches("part").count(), 10);
    let document = only(&memory);
    assert_eq!(response(&document), &json!({ "status": 200, "content_length": 40 }));
    assert!(seconds(&document) >= 0.3, "{document:#}");
}

#[test]
fn closes_when_body_has_its_length() {
    async fn handler() -> HttpResponse {
        HttpResponse::Ok().body(SizedStream::new(12, slow(3)))
    }
    let (xray, memory) = recording();
    let server = serve!(App::new().wrap(xray.clone()).route("/", web::get().to(handler)));
    server.get("/");
    assert_eq!(response(&only(&memory)), &json!({ "status": 200, "content_length": 12 }));
}

#[test]
fn marks_fault_when_handler_panics() {
    async fn handler() -> HttpResponse {
        let _work = Subsegment::begin("work");
        panic!("out of stock")
    }
    let (xray, memory) = recording();
    let server = serve!(App::new().wrap(xray.clone()).route("/buy", web::get().to(handler)));
    assert_eq!(server.get("/buy").0, "", "actix-web drops the connection");
    let mut document = settled(only(&memory));
    assert_eq!(document["subsegments"].take()[0]["name"], "work");
    let expected = json!({
        "name": "orders",
        "http": { "request": request_block("GET", "/buy"), "response": { "status": 500 } },
        "annotations": { "http_route": "/buy" },
        "fault": true,
        "cause": cause("panic", "out of stock"),
        "subsegments": null,
    });
    assert_eq!(document, expected);
}

#[test]
fn marks_fault_when_body_panics() {
    async fn handler() -> HttpResponse {
        let parts = stream::unfold(1, async |part| match part {
            1 => Some((Ok::<_, Infallible>(Bytes::from_static(b"part")), 2)),
            _ => panic!("{part} is too many"),
        });
        HttpResponse::Ok().streaming(parts)
    }
    let (xray, memory) = recording();
    let server = serve!(App::new().wrap(xray.clone()).route("/", web::get().to(handler)));
    server.get("/");
    let document = settled(only(&memory));
    assert_eq!(document["http"]["response"]["status"], 500);
    assert_eq!(document["fault"], true);
    assert_eq!(document["cause"], cause("panic", "2 is too many"));
}

#[test]
fn marks_fault_when_body_fails() {
    async fn handler() -> HttpResponse {
        let parts = [Ok(Bytes::from_static(b"part")), Err(io::Error::other("disk gone"))];
        HttpResponse::Ok().streaming(stream::iter(parts))
    }
    let (xray, memory) = recording();
    let server = serve!(App::new().wrap(xray.clone()).route("/", web::get().to(handler)));
    server.get("/");
    let document = settled(only(&memory));
    assert_eq!(document["http"]["response"], json!({ "status": 200, "content_length": 4 }));
    assert_eq!(document["fault"], true);
    assert_eq!(document["cause"], cause("std::io::Error", "disk gone"));
}

#[test]
fn closes_when_client_goes_away() {
    let (xray, memory) = recording();
    let server = serve!(
        App::new()
            .wrap(xray.clone())
            .route("/", web::get().to(async || HttpResponse::Ok().streaming(slow(u32::MAX))))
    );

    let mut stream = server.send("GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    read_until(&mut stream, "part");
    drop(stream);
    let mut document = settled(only(&memory));
    let mut response = document["http"]["response"].take();
    assert!(response["content_length"].take().as_u64() >= Some(4));
    assert_eq!(response, json!({ "status": 200, "content_length": null }));
    assert_eq!(document["error"], true);
    assert!(document.get("fault").is_none());
    assert_eq!(document["cause"], cause("ClientDisconnected", GONE));
}

#[test]
fn closes_when_client_goes_away_before_the_head() {
    let (xray, memory) = recording();
    let server = Serving::start(move |listener| {
        let app = move || {
            App::new().wrap(xray.clone()).route("/", web::get().to(future::pending::<HttpResponse>))
        };
        // Left allowed, actix-web lets a handler run on for a client that may only have stopped
        // sending.
        let server = HttpServer::new(app).workers(1).disable_signals().h1_allow_half_closed(false);
        server.listen(listener).unwrap().run()
    });
    drop(server.send("GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n"));
    let expected = json!({
        "name": "orders",
        "http": { "request": request_block("GET", "/") },
        "annotations": { "http_route": "/" },
        "error": true,
        "cause": cause("ClientDisconnected", GONE),
    });
    assert_eq!(settled(only(&memory)), expected);
}

#[test]
fn answers_without_a_body_are_complete() {
    let (xray, memory) = recording();
    let server = serve!(
        App::new()
            .wrap(xray.clone())
            .route("/", web::head().to(async || HttpResponse::Ok().body("twelve bytes")))
            .route("/stream", web::head().to(async || HttpResponse::Ok().streaming(slow(1))))
            .route("/204", web::get().to(async || HttpResponse::NoContent()))
            .route("/304", web::get().to(async || HttpResponse::NotModified()))
            .route("/empty", web::get().to(async || ""))
    );
    let recorded = |method, path| {
        server.request(method, path, &[]);
        response(&only(&memory)).clone()
    };
    assert_eq!(recorded("HEAD", "/"), json!({ "status": 200, "content_length": 12 }));
    assert_eq!(recorded("HEAD", "/stream"), json!({ "status": 200 }));
    assert_eq!(recorded("GET", "/204")["status"], 204);
    assert_eq!(recorded("GET", "/304")["status"], 304);
    assert_eq!(recorded("GET", "/empty"), json!({ "status": 200, "content_length": 0 }));
}

#[test]
fn upgrade_ends_at_the_head() {
    async fn handler() -> HttpResponse {
        HttpResponse::SwitchingProtocols().upgrade("echo").streaming(slow(10))
    }
    let (xray, memory) = recording();
    let server = serve!(App::new().wrap(xray.clone()).route("/", web::get().to(handler)));
    let mut stream = server.send(
        "GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n",
    );
    let head = read_until(&mut stream, "\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    // What the tunnel carries is a subsegment of its own.
    let document = only(&memory);
    assert_eq!(response(&document), &json!({ "status": 101 }));
    assert_eq!(document["subsegments"][0]["name"], "response body");
    assert!(seconds(&document) < seconds(&document["subsegments"][0]), "{document:#}");
}

#[test]
fn event_stream_is_a_subsegment() {
    async fn handler() -> HttpResponse {
        HttpResponse::Ok().content_type("text/event-stream").streaming(slow(10))
    }
    let (xray, memory) = recording();
    let server = serve!(App::new().wrap(xray.clone()).route("/", web::get().to(handler)));
    server.get("/");
    let document = only(&memory);
    assert_eq!(response(&document), &json!({ "status": 200 }));
    assert_eq!(document["subsegments"][0]["name"], "response body");
    assert!(seconds(&document["subsegments"][0]) >= 0.3, "{document:#}");
    assert!(seconds(&document) < seconds(&document["subsegments"][0]), "{document:#}");
}

#[test]
fn compression_on_either_side_is_complete() {
    let (xray, memory) = recording();
    let text = "twelve bytes".repeat(100);
    let body = web::Data::new(text);
    let server = serve!({
        let whole = || web::get().to(async |body: web::Data<String>| body.get_ref().clone());
        let parts = || web::get().to(async || HttpResponse::Ok().streaming(slow(2)));
        let routes =
            |scope: &str| web::scope(scope).route("/whole", whole()).route("/parts", parts());
        App::new()
            .app_data(body.clone())
            .service(
                web::scope("/outside")
                    .service(routes("").wrap(xray.clone()))
                    .wrap(Compress::default()),
            )
            .service(
                web::scope("/inside")
                    .service(routes("").wrap(Compress::default()))
                    .wrap(xray.clone()),
            )
    });
    let recorded = |path| {
        let answer = server.request("GET", path, &["Accept-Encoding: gzip"]);
        assert_eq!(answer.header("content-encoding"), Some("gzip"), "{path}");
        response(&only(&memory))["content_length"].as_u64().unwrap()
    };
    assert_eq!(recorded("/outside/whole"), 1200);
    assert_eq!(recorded("/outside/parts"), 8);
    let compressed = recorded("/inside/whole");
    assert!((1..200).contains(&compressed), "{compressed}");
    assert!(recorded("/inside/parts") > 0);
}
