//! What the layer records of the calls that a tonic server answers.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tonic::{Code, body::Body, codec::CompressionEncoding};
use tower::service_fn;
use xray_core::testing::MemoryEmitter;
use xray_tower::{AccessLog, XRayLayer};

use crate::{
    echo::{Caller, read, refuse, say},
    support::{DEADLINE, call, recorded, recorder, recorder_with, serve, settled},
};

fn answered(content_length: u64) -> Value {
    json!({"status": 200, "content_length": content_length})
}

#[tokio::test]
async fn unary() {
    let recorded = recorded();
    let answer = recorded.serving.caller().unary(say("hello")).await.unwrap();
    assert!(answer.metadata().contains_key("x-amzn-trace-id"));
    assert_eq!(answer.into_inner(), say("hello"));
    // A tag, a length and five letters.
    assert_eq!(recorded.document().await, call("Unary", &answered(7), Value::Null));
}

#[tokio::test]
async fn closes_at_the_end_of_each_kind_of_stream() {
    let recorded = recorded();
    let mut caller = recorded.serving.caller();
    let both = || stream::iter([say("one"), say("two")]);

    assert_eq!(caller.client_stream(both()).await.unwrap(), say("onetwo"));
    assert_eq!(recorded.document().await, call("ClientStream", &answered(8), Value::Null));

    let words = read(caller.server_stream(say("one two three")).await.unwrap()).await;
    assert_eq!(words.0, ["one", "two", "three"]);
    words.1.unwrap();
    assert_eq!(recorded.document().await, call("ServerStream", &answered(17), Value::Null));

    let words = read(caller.bidirectional(both()).await.unwrap()).await;
    assert_eq!(words.0, ["one", "two"]);
    words.1.unwrap();
    assert_eq!(recorded.document().await, call("Bidirectional", &answered(10), Value::Null));
}

#[tokio::test]
async fn a_stream_is_open_until_its_end() {
    let recorded = recorded();
    let (ask, asked) = tokio::sync::mpsc::channel(1);
    let asked = tokio_stream::wrappers::ReceiverStream::new(asked);
    let mut words = recorded.serving.caller().bidirectional(asked).await.unwrap();
    for word in ["one", "two"] {
        ask.send(say(word)).await.unwrap();
        assert_eq!(words.message().await.unwrap().unwrap().text, word);
    }
    assert!(recorded.memory.take().is_empty());
    drop(ask);
    assert_eq!(words.message().await.unwrap(), None);
    assert_eq!(recorded.document().await, call("Bidirectional", &answered(10), Value::Null));
}

/// The codes, with what becomes of them.
pub(crate) const CODES: [(Code, &str, &[&str]); 16] = [
    (Code::Cancelled, "CANCELLED", &["error"]),
    (Code::Unknown, "UNKNOWN", &["fault"]),
    (Code::InvalidArgument, "INVALID_ARGUMENT", &["error"]),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", &["fault"]),
    (Code::NotFound, "NOT_FOUND", &["error"]),
    (Code::AlreadyExists, "ALREADY_EXISTS", &["error"]),
    (Code::PermissionDenied, "PERMISSION_DENIED", &["error"]),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED", &["error", "throttle"]),
    (Code::FailedPrecondition, "FAILED_PRECONDITION", &["error"]),
    (Code::Aborted, "ABORTED", &["error"]),
    (Code::OutOfRange, "OUT_OF_RANGE", &["error"]),
    (Code::Unimplemented, "UNIMPLEMENTED", &["fault"]),
    (Code::Internal, "INTERNAL", &["fault"]),
    (Code::Unavailable, "UNAVAILABLE", &["fault"]),
    (Code::DataLoss, "DATA_LOSS", &["fault"]),
    (Code::Unauthenticated, "UNAUTHENTICATED", &["error"]),
];

/// What a code adds to a document.
pub(crate) fn ended(name: &str, flags: &[&str], message: &str) -> Value {
    let mut more = json!({
        "annotations": {"grpc_code": name},
        "metadata": {"grpc": {"message": message}},
    });
    flags.iter().for_each(|flag| more[flag] = json!(true));
    more
}

#[tokio::test]
async fn every_code() {
    let recorded = recorded();
    let mut caller = recorded.serving.caller();
    for (code, name, flags) in CODES {
        // The head says it, and no body follows.
        let status = caller.unary(refuse(code, "no such order")).await.unwrap_err();
        assert_eq!(status.code(), code);
        let expected = call("Unary", &answered(0), ended(name, flags, "no such order"));
        assert_eq!(recorded.document().await, expected);
        // The trailers say it.
        let words = caller.server_stream(refuse(code, "one two")).await.unwrap();
        assert_eq!(read(words).await.1.unwrap_err().code(), code);
        let expected = call("ServerStream", &answered(10), ended(name, flags, "that is all"));
        assert_eq!(recorded.document().await, expected);
    }
}

#[tokio::test]
async fn messages_are_decoded_and_bounded() {
    let recorded = recorded();
    let mut caller = recorded.serving.caller();
    let message = "100 %: café\n<script>\u{0}";
    caller.unary(refuse(Code::Internal, message)).await.unwrap_err();
    let expected = call("Unary", &answered(0), ended("INTERNAL", &["fault"], message));
    assert_eq!(recorded.document().await, expected);

    caller.unary(refuse(Code::Internal, "")).await.unwrap_err();
    let expected = call(
        "Unary",
        &answered(0),
        json!({"fault": true, "annotations": {"grpc_code": "INTERNAL"}}),
    );
    assert_eq!(recorded.document().await, expected);

    caller.unary(refuse(Code::Internal, &"x".repeat(8000))).await.unwrap_err();
    let document = recorded.document().await;
    assert_eq!(document["metadata"]["grpc"]["message"], "x".repeat(4096));
}

#[tokio::test]
async fn a_method_that_is_not_there() {
    let recorded = recorded();
    recorded.serving.caller().missing_method().await.unwrap_err();
    let more = ended("UNIMPLEMENTED", &["fault"], "no such method");
    assert_eq!(recorded.document().await, call("Missing", &answered(0), more));
}

#[tokio::test]
async fn compressed() {
    let recorded = recorded();
    let mut caller = recorded.serving.caller();
    caller.0 = caller.0.accept_compressed(CompressionEncoding::Gzip);
    caller.0 = caller.0.send_compressed(CompressionEncoding::Gzip);
    let long = "long ".repeat(1000);
    assert_eq!(caller.unary(say(&long)).await.unwrap().into_inner().text, long);
    let document = recorded.document().await;
    let length = document["http"]["response"]["content_length"].as_u64().unwrap();
    assert!((20..500).contains(&length), "{length} of 5000 bytes");
    assert_eq!(document, call("Unary", &answered(length), Value::Null));
}

fn gone(response: &Value, method: &str) -> Value {
    let message = "the client left before the response was complete";
    let exception = json!({"type": "ClientDisconnected", "message": message});
    call(method, response, json!({"error": true, "cause": {"exceptions": [exception]}}))
}

#[tokio::test]
async fn closes_when_the_client_cancels() {
    let recorded = recorded();
    let mut caller = recorded.serving.caller();
    tokio::select! {
        _ = caller.unary(say("hang")) => unreachable!("it hangs"),
        () = recorded.echo.hangs.notified() => {}
    }
    assert_eq!(recorded.document().await, gone(&Value::Null, "Unary"));

    let mut words = caller.server_stream(say("one hang two")).await.unwrap();
    assert_eq!(words.message().await.unwrap().unwrap().text, "one");
    drop(words);
    assert_eq!(recorded.document().await, gone(&json!({"status": 200}), "ServerStream"));
}

#[tokio::test]
async fn a_deadline_that_passes_is_a_fault() {
    let recorded = recorded();
    // A client that does not look at its clock itself: tonic's may leave before the server sees it late.
    let stream = tokio::net::TcpStream::connect(recorded.serving.address).await.unwrap();
    let client = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut client, connection) = client.await.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::post("http://shop.test/shop.Echo/Unary")
        .header("content-type", "application/grpc")
        .header("grpc-timeout", "50m")
        .body(Full::new(Bytes::from_static(b"\0\0\0\0\x06\x0a\x04hang")))
        .unwrap();
    let answer = client.send_request(request).await.unwrap();
    assert!(answer.headers().contains_key("grpc-status"));
    connection.abort();
    let message = "the caller's deadline passed before the response was complete";
    let exception = json!({"type": "DeadlineExceeded", "message": message});
    let more = json!({
        "fault": true,
        "annotations": {"grpc_code": "DEADLINE_EXCEEDED"},
        "cause": {"exceptions": [exception]},
    });
    assert_eq!(recorded.document().await, call("Unary", &Value::Null, more));
}

#[tokio::test]
async fn marks_fault_when_handler_panics() {
    let recorded = recorded();
    let mut caller = recorded.serving.caller();
    caller.unary(say("panic")).await.unwrap_err();
    let exception = json!({"type": "panic", "message": "kaboom"});
    let more = json!({"fault": true, "cause": {"exceptions": [exception]}});
    let expected = call("Unary", &json!({"status": 500}), more.clone());
    assert_eq!(recorded.document().await, expected);

    let words = caller.server_stream(say("one panic")).await.unwrap();
    read(words).await.1.unwrap_err();
    assert_eq!(recorded.document().await, call("ServerStream", &json!({"status": 500}), more));
}

#[tokio::test]
async fn not_sampled() {
    let rules = r#"{"version": 2, "default": {"fixed_target": 0, "rate": 0}}"#.parse().unwrap();
    let (xray, memory) = recorder_with("shop", rules);
    let routes = tonic::service::Routes::new(crate::echo::Echo::default());
    let serving = serve(XRayLayer::with(xray.clone()), routes);
    let mut caller = serving.caller();
    caller.unary(refuse(Code::Internal, "no")).await.unwrap_err();
    read(caller.server_stream(say("one two")).await.unwrap()).await.1.unwrap();
    assert!(xray.flush(DEADLINE));
    assert!(memory.take().is_empty());
    assert_eq!((xray.stats().sampled, xray.stats().unsampled), (0, 2));
}

/// What is recorded of a call that a server answers in its own way.
async fn odd(response: http::Response<Body>) -> Value {
    let (xray, memory) = recorder("shop");
    let response = std::sync::Arc::new(std::sync::Mutex::new(Some(response)));
    let answer = move |_: http::Request<Body>| {
        let response = response.lock().unwrap().take().unwrap();
        async move { Ok::<_, Infallible>(response) }
    };
    let serving = serve(XRayLayer::with(xray), service_fn(answer));
    let _: Result<_, _> = Caller::new(serving.channel()).unary(say("hello")).await;
    only(&memory).await
}

async fn only(memory: &MemoryEmitter) -> Value {
    let memory = memory.clone();
    let wait = tokio::task::spawn_blocking(move || memory.wait(1, DEADLINE));
    let mut documents = wait.await.unwrap();
    assert_eq!(documents.len(), 1, "{documents:#?}");
    settled(documents.remove(0))
}

fn response(content_type: &str) -> http::response::Builder {
    http::Response::builder().header("content-type", content_type)
}

/// A message with one byte.
fn body() -> Full<Bytes> {
    Full::new(Bytes::from_static(b"\0\0\0\0\x01!"))
}

fn trailers(pairs: &[(&'static str, &'static str)]) -> http::HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

#[tokio::test]
async fn a_status_that_is_missing_or_bogus() {
    let unknown = |status: &str| {
        json!({
            "fault": true,
            "annotations": {"grpc_code": "UNKNOWN"},
            "metadata": {"grpc": {"status": status}},
        })
    };
    let grpc = || response("application/grpc");

    let no_trailers = grpc().body(Body::new(body())).unwrap();
    assert_eq!(odd(no_trailers).await, call("Unary", &answered(1), unknown("missing")));
    let nothing = grpc().body(Body::new(Empty::new())).unwrap();
    assert_eq!(odd(nothing).await, call("Unary", &answered(0), unknown("missing")));
    for status in ["abc", "99", "-1", "007"] {
        let trailers = async move { Some(Ok(trailers(&[("grpc-status", status)]))) };
        let bogus = grpc().body(Body::new(body().with_trailers(trailers))).unwrap();
        assert_eq!(odd(bogus).await, call("Unary", &answered(1), unknown(status)));
        let bogus = grpc().header("grpc-status", status).body(Body::new(Empty::new())).unwrap();
        assert_eq!(odd(bogus).await, call("Unary", &answered(0), unknown(status)));
    }
}

#[tokio::test]
async fn a_message_that_is_no_text() {
    let message = http::HeaderValue::from_bytes(b"%FF\xff%zz").unwrap();
    let response = response("application/grpc").header("grpc-status", "2");
    let response = response.header("grpc-message", message).body(Body::new(Empty::new())).unwrap();
    let more = ended("UNKNOWN", &["fault"], "\u{fffd}\u{fffd}%zz");
    assert_eq!(odd(response).await, call("Unary", &answered(0), more));
}

#[tokio::test]
async fn trailers_come_after_an_announced_length() {
    let trailers = async { Some(Ok(trailers(&[("grpc-status", "8"), ("grpc-message", "later")]))) };
    let body = Body::new(body().with_trailers(trailers));
    let response = response("application/grpc").header("content-length", 6).body(body).unwrap();
    let more = ended("RESOURCE_EXHAUSTED", &["error", "throttle"], "later");
    assert_eq!(odd(response).await, call("Unary", &answered(1), more));
}

#[tokio::test]
async fn what_is_no_grpc_is_judged_by_its_status() {
    let refused = response("text/plain").status(429).body(Body::new(body())).unwrap();
    let more = json!({"error": true, "throttle": true});
    let expected = call("Unary", &json!({"status": 429, "content_length": 6}), more);
    assert_eq!(odd(refused).await, expected);
    // A balancer that speaks as gRPC does and says nothing of it.
    let broken = response("application/grpc").status(503).body(Body::new(Empty::new())).unwrap();
    let expected =
        call("Unary", &json!({"status": 503, "content_length": 0}), json!({"fault": true}));
    assert_eq!(odd(broken).await, expected);
}

#[tokio::test]
async fn trailers_end_a_plain_response_too() {
    let trailers = async { Some(Ok(trailers(&[("digest", "7")]))) };
    let body = body().map_frame(|frame| frame).with_trailers(trailers);
    let plain = response("text/plain").body(Body::new(body)).unwrap();
    let mut expected = call("Unary", &answered(6), Value::Null);
    expected["http"]["request"]["url"] = json!("grpc://shop.test/shop.Echo/Unary");
    assert_eq!(odd(plain).await, expected);
}

#[tokio::test]
async fn an_error_of_the_handler_does_not_make_a_fault_of_a_refusal() {
    let (xray, memory) = recorder("shop");
    let answer = |_: http::Request<Body>| async {
        xray_tower::Entity::current().record_error(&std::fmt::Error);
        Ok::<_, Infallible>(tonic::Status::not_found("").into_http::<Body>())
    };
    let serving = serve(XRayLayer::with(xray), service_fn(answer));
    serving.caller().unary(say("hello")).await.unwrap_err();
    let document = only(&memory).await;
    assert_eq!((&document["error"], &document["fault"]), (&json!(true), &Value::Null));
}

/// Sends on what is written.
struct Lines(std::sync::mpsc::Sender<Value>);

impl std::io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.send(serde_json::from_slice(line)?).map_err(std::io::Error::other)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_access_log_tells_the_code() {
    let rules = r#"{"version": 2, "default": {"fixed_target": 0, "rate": 0}}"#.parse().unwrap();
    let (xray, _) = recorder_with("shop", rules);
    let (lines, written) = std::sync::mpsc::channel();
    let layer = XRayLayer::with(xray).access_log(AccessLog::json().writer(Lines(lines)));
    let serving = serve(layer, tonic::service::Routes::new(crate::echo::Echo::default()));
    let mut caller = serving.caller();
    caller.unary(say("hello")).await.unwrap();
    caller.unary(refuse(Code::NotFound, "no such order")).await.unwrap_err();
    read(caller.server_stream(refuse(Code::Internal, "one two")).await.unwrap())
        .await
        .1
        .unwrap_err();
    for (method, code, level, bytes) in [
        ("Unary", "OK", "info", 12),
        ("Unary", "NOT_FOUND", "warn", 0),
        ("ServerStream", "INTERNAL", "error", 20),
    ] {
        let mut line = written.recv_timeout(DEADLINE).unwrap();
        for key in ["timestamp", "duration_ms"] {
            assert!(line.as_object_mut().unwrap().remove(key).is_some());
        }
        let expected = json!({"level": level, "method": "POST", "path": format!("/shop.Echo/{method}"),
            "status": 200, "grpc_code": code, "bytes": bytes, "client": "127.0.0.1"});
        assert_eq!(line, expected);
    }
}
