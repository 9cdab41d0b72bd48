//! Errors of handlers and of other middlewares.

use std::fmt;

use crate::support::{cause, only, recording, request_block, settled};
use actix_web::{
    App, Error, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::StatusCode,
    middleware::{Next, from_fn},
    web,
};
use serde_json::{Value, json};
use xray_actix::Entity;

#[derive(Debug)]
struct OutOfStock(StatusCode);

impl fmt::Display for OutOfStock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("out of stock")
    }
}

impl ResponseError for OutOfStock {
    fn status_code(&self) -> StatusCode {
        self.0
    }
}

fn expected(path: &str, response: &Value, flag: &str) -> Value {
    json!({
        "name": "orders",
        "http": { "request": request_block("GET", path), "response": response },
        "annotations": { "http_route": path },
        flag: true,
        "cause": cause("OutOfStock", "out of stock"),
    })
}

#[test]
fn error_of_a_handler_is_an_exception() {
    let (xray, memory) = recording();
    let server = serve!(
        App::new()
            .wrap(xray.clone())
            .route(
                "/fault",
                web::get().to(async || Err::<&str, _>(OutOfStock(StatusCode::BAD_GATEWAY))),
            )
            .route(
                "/error",
                web::get().to(async || Err::<&str, _>(OutOfStock(StatusCode::CONFLICT))),
            )
            .route("/plain", web::get().to(async || HttpResponse::ServiceUnavailable()))
    );
    let answer = server.get("/fault");
    assert_eq!((answer.status(), answer.body()), ("502", "out of stock"));
    assert!(answer.trace().is_some());
    let response = json!({ "status": 502, "content_length": 12 });
    assert_eq!(settled(only(&memory)), expected("/fault", &response, "fault"));

    assert_eq!(server.get("/error").status(), "409");
    let response = json!({ "status": 409, "content_length": 12 });
    assert_eq!(settled(only(&memory)), expected("/error", &response, "error"));

    assert_eq!(server.get("/plain").status(), "503");
    let document = only(&memory);
    assert_eq!(document["fault"], true);
    assert!(document.get("cause").is_none());
}

#[test]
fn error_of_a_middleware_is_passed_on() {
    async fn refuse(_: ServiceRequest, _: Next<BoxBody>) -> Result<ServiceResponse, Error> {
        Err(OutOfStock(StatusCode::TOO_MANY_REQUESTS).into())
    }
    async fn watch<B>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error>
    where
        B: MessageBody + 'static,
    {
        let answered = next.call(request).await;
        assert!(answered.as_ref().is_err_and(|error| error.as_error::<OutOfStock>().is_some()));
        answered
    }
    let (xray, memory) = recording();
    let server = serve!(
        App::new()
            .route("/", web::get().to(async || "never"))
            .wrap(from_fn(refuse))
            .wrap(xray.clone())
            .wrap(from_fn(watch))
    );
    let answer = server.get("/");
    assert_eq!((answer.status(), answer.body()), ("429", "out of stock"));
    let mut document = only(&memory);
    let root = format!("Root={}", document["trace_id"].as_str().unwrap());
    assert_eq!(answer.trace(), Some(root.as_str()));
    assert_eq!(document["throttle"].take(), true);
    let mut expected = expected("/", &json!({ "status": 429 }), "error");
    expected["throttle"] = Value::Null;
    assert_eq!(settled(document), expected);
}

#[test]
fn error_that_holds_a_response_keeps_it() {
    async fn refuse(_: ServiceRequest, _: Next<BoxBody>) -> Result<ServiceResponse, Error> {
        let response = HttpResponse::ImATeapot().body("short and stout");
        Err(InternalError::from_response("teapot", response).into())
    }
    let (xray, memory) = recording();
    let server = serve!(App::new().wrap(from_fn(refuse)).wrap(xray.clone()));
    let answer = server.get("/");
    assert_eq!((answer.status(), answer.body()), ("418", "short and stout"));
    assert_eq!(settled(only(&memory))["http"]["response"]["status"], 418);
}

#[test]
fn error_recorded_by_the_handler_is_kept() {
    async fn handler() -> HttpResponse {
        Entity::current().record_error(&"x".parse::<u32>().unwrap_err());
        HttpResponse::BadRequest().finish()
    }
    let (xray, memory) = recording();
    let server = serve!(App::new().wrap(xray.clone()).route("/", web::get().to(handler)));
    server.get("/");
    let document = only(&memory);
    assert_eq!(document["error"], true);
    assert!(document.get("fault").is_none());
    let path = document["cause"]["exceptions"][0]["stack"][0]["path"].as_str().unwrap();
    // Relative to the workspace, or with a captured stack to the package.
    assert!(path.ends_with("tests/server/errors.rs"), "{path}");
}
