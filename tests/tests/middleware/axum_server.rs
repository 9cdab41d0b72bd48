use std::{
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener},
    thread,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Response, StatusCode},
    routing::get,
};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::oneshot;
use xray_core::{Entity, Recorder};
use xray_tower::{AccessLog, CurrentSegment, Incoming, XRayLayer};

use crate::{Server, cases::Policy};

pub(crate) struct AxumServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server for AxumServer {
    fn start(recorder: Option<Recorder>, policy: Policy, log: Option<AccessLog>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener can be non-blocking");
        let address = listener.local_addr().expect("a listener has an address");
        let (stop, stopped) = oneshot::channel();
        let app = router().layer(layer(recorder, policy, log));
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("the listener");
                let app = app.into_make_service_with_connect_info::<SocketAddr>();
                tokio::select! {
                    result = async { axum::serve(listener, app).await } => result.expect("it serves"),
                    _ = stopped => {}
                }
            });
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for AxumServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        let joined = self.thread.take().map(thread::JoinHandle::join);
        assert!(joined.is_none_or(|joined| joined.is_ok()) || thread::panicking());
    }
}

fn layer(recorder: Option<Recorder>, policy: Policy, log: Option<AccessLog>) -> XRayLayer {
    let layer = recorder.map_or_else(XRayLayer::new, XRayLayer::with).ignore(["/health"]);
    let layer = match log {
        Some(log) => layer.access_log(log),
        None => layer,
    };
    match policy {
        Policy::Usual => layer,
        Policy::RootOnly => layer.incoming(Incoming::RootOnly),
        Policy::Ignore => layer.incoming(Incoming::Ignore),
        Policy::NameByHost => layer.name_by_host("*.test").trust_forwarded_proto(),
    }
}

fn router() -> Router {
    Router::new()
        .route("/plain", get(async || "hello"))
        .route("/health", get(async || "well"))
        .route("/items/{id}", get(async || "item"))
        .route("/empty", get(async || StatusCode::NO_CONTENT))
        .route("/unmodified", get(async || StatusCode::NOT_MODIFIED))
        .route("/missing", get(async || StatusCode::NOT_FOUND))
        .route("/limited", get(async || StatusCode::TOO_MANY_REQUESTS))
        .route("/broken", get(broken))
        .route("/annotated", get(annotated))
        .route("/downstream", get(async || header()))
        .route("/own-header", get(async || ([("x-amzn-trace-id", "Root=mine")], "hello")))
        .route("/chunked", get(async || streamed(stream::iter(["one ", "two"]).map(chunk))))
        .route("/slow", get(async || streamed(slow())))
        .route("/endless", get(async || streamed(endless())))
        .route(
            "/events",
            get(async || ([("content-type", "text/event-stream")], streamed(endless()))),
        )
        .route("/upgrade", get(upgrade))
        .route("/torn", get(async || streamed(torn())))
        .route("/panic", get(async || -> &'static str { panic!("kaboom") }))
        .route("/late-panic", get(async || streamed(late_panic())))
}

fn chunk(text: &'static str) -> Result<Bytes, io::Error> {
    Ok(Bytes::from_static(text.as_bytes()))
}

fn streamed(parts: impl Stream<Item = Result<Bytes, io::Error>> + Send + 'static) -> Body {
    Body::from_stream(parts)
}

pub(crate) fn slow() -> impl Stream<Item = Result<Bytes, io::Error>> {
    stream::iter(["one ", "two"]).then(async |text| {
        tokio::time::sleep(Duration::from_millis(160)).await;
        chunk(text)
    })
}

pub(crate) fn endless() -> impl Stream<Item = Result<Bytes, io::Error>> {
    stream::repeat("data: tick\n\n").then(async |text| {
        tokio::time::sleep(Duration::from_millis(5)).await;
        chunk(text)
    })
}

pub(crate) fn torn() -> impl Stream<Item = Result<Bytes, io::Error>> {
    // The first part gets out before the second fails.
    stream::iter([true, false]).then(async |first| {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if first { chunk("one ") } else { Err(io::Error::other("the disk is gone")) }
    })
}

pub(crate) fn late_panic() -> impl Stream<Item = Result<Bytes, io::Error>> {
    stream::iter([true, false]).then(async |first| {
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(first, "kaboom");
        chunk("one ")
    })
}

pub(crate) fn header() -> String {
    Entity::current().trace_header().map_or_else(|| "none".into(), |header| header.to_string())
}

async fn broken(segment: CurrentSegment) -> StatusCode {
    segment.record_error(&io::Error::other("the shelf is empty"));
    StatusCode::SERVICE_UNAVAILABLE
}

async fn annotated(segment: CurrentSegment) -> &'static str {
    xray_core::subsegment("load", async |load| {
        load.annotate("rows", 3);
        segment.annotate("customer", "gold");
    })
    .await;
    "hello"
}

async fn upgrade() -> Result<Response<Body>, Infallible> {
    let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
    let response = response.header("connection", "upgrade").header("upgrade", "test");
    Ok(response.body(Body::empty()).expect("a valid response"))
}
