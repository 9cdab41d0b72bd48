use std::{
    fmt, io,
    net::{SocketAddr, TcpListener},
    sync::mpsc,
    thread,
};

use actix_web::{
    App, HttpResponse, HttpServer, ResponseError,
    body::{BodyStream, SizedStream},
    dev::ServerHandle,
    http::StatusCode,
    rt::System,
    web::{self, Bytes},
};
use futures_util::{Stream, StreamExt, stream};
use xray_actix::{AccessLog, CurrentSegment, Incoming, XRayMiddleware};
use xray_core::Recorder;

use crate::{
    Server,
    axum_server::{endless, header, late_panic, slow, torn},
    cases::Policy,
};

pub(crate) struct ActixServer {
    address: SocketAddr,
    handle: ServerHandle,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server for ActixServer {
    fn start(recorder: Option<Recorder>, policy: Policy, log: Option<AccessLog>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let (started, handle) = mpsc::channel();
        let thread = thread::spawn(move || {
            System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    App::new()
                        .wrap(middleware(recorder.clone(), policy, log.clone()))
                        .configure(routes)
                });
                let server = server.workers(1).disable_signals().shutdown_timeout(0);
                let server = server.listen(listener).expect("the listener").run();
                started.send(server.handle()).expect("the test waits");
                server.await.expect("it serves");
            });
        });
        let handle = handle.recv().expect("the server starts");
        Self { address, handle, thread: Some(thread) }
    }

    fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for ActixServer {
    fn drop(&mut self) {
        // The command is sent by the call; the future only waits for its end, as the join does.
        drop(self.handle.stop(false));
        let joined = self.thread.take().map(thread::JoinHandle::join);
        assert!(joined.is_none_or(|joined| joined.is_ok()) || thread::panicking());
    }
}

fn middleware(
    recorder: Option<Recorder>,
    policy: Policy,
    log: Option<AccessLog>,
) -> XRayMiddleware {
    let middleware =
        recorder.map_or_else(XRayMiddleware::new, XRayMiddleware::with).ignore(["/health"]);
    let middleware = match log {
        Some(log) => middleware.access_log(log),
        None => middleware,
    };
    match policy {
        Policy::Usual => middleware,
        Policy::RootOnly => middleware.incoming(Incoming::RootOnly),
        Policy::Ignore => middleware.incoming(Incoming::Ignore),
        Policy::NameByHost => middleware.name_by_host("*.test").trust_forwarded_proto(),
    }
}

fn routes(config: &mut web::ServiceConfig) {
    let status = |status: StatusCode| web::to(move || async move { HttpResponse::new(status) });
    config
        .route("/plain", web::get().to(async || "hello"))
        .route("/plain", web::head().to(plain_head))
        .route("/health", web::get().to(async || "well"))
        .route("/items/{id}", web::get().to(async || "item"))
        .route("/empty", status(StatusCode::NO_CONTENT))
        .route("/unmodified", status(StatusCode::NOT_MODIFIED))
        .route("/missing", status(StatusCode::NOT_FOUND))
        .route("/limited", status(StatusCode::TOO_MANY_REQUESTS))
        .route("/broken", web::get().to(broken))
        .route("/annotated", web::get().to(annotated))
        .route("/downstream", web::get().to(async || header()))
        .route("/own-header", web::get().to(own_header))
        .route(
            "/chunked",
            web::get().to(async || streamed(stream::iter(["one ", "two"]).map(chunk))),
        )
        .route("/slow", web::get().to(async || streamed(slow())))
        .route("/endless", web::get().to(async || streamed(endless())))
        .route("/events", web::get().to(events))
        .route("/upgrade", web::get().to(upgrade))
        .route("/torn", web::get().to(async || streamed(torn())))
        .route("/panic", web::get().to(panics))
        .route("/late-panic", web::get().to(async || streamed(late_panic())));
}

fn chunk(text: &'static str) -> Result<Bytes, io::Error> {
    Ok(Bytes::from_static(text.as_bytes()))
}

fn streamed(parts: impl Stream<Item = Result<Bytes, io::Error>> + 'static) -> HttpResponse {
    HttpResponse::Ok().body(BodyStream::new(parts.boxed_local()))
}

async fn plain_head() -> HttpResponse {
    HttpResponse::Ok().body(SizedStream::new(5, stream::iter([chunk("hello")])))
}

async fn own_header() -> HttpResponse {
    HttpResponse::Ok().insert_header(("x-amzn-trace-id", "Root=mine")).body("hello")
}

async fn events() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .body(BodyStream::new(endless().boxed_local()))
}

async fn upgrade() -> HttpResponse {
    HttpResponse::SwitchingProtocols().upgrade("test").finish()
}

async fn panics() -> HttpResponse {
    panic!("kaboom")
}

async fn annotated(segment: CurrentSegment) -> &'static str {
    xray_core::subsegment("load", async |load| {
        load.annotate("rows", 3);
        segment.annotate("customer", "gold");
    })
    .await;
    "hello"
}

/// A handler's error is recorded without a word of the handler's.
async fn broken() -> Result<HttpResponse, ShelfEmpty> {
    Err(ShelfEmpty)
}

#[derive(Debug)]
struct ShelfEmpty;

impl fmt::Display for ShelfEmpty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the shelf is empty")
    }
}

impl ResponseError for ShelfEmpty {
    fn status_code(&self) -> StatusCode {
        StatusCode::SERVICE_UNAVAILABLE
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}
