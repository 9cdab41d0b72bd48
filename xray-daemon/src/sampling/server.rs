//! The TCP side: the two sampling calls of the SDKs, and nothing else.

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};

const MAX_CONNECTIONS: usize = 64;
/// A sampling report of an SDK is a few kilobytes.
const MAX_BODY: usize = 1 << 20;
const MAX_HEADERS: usize = 16 << 10;
const HEADER_TIME: Duration = Duration::from_secs(5);
const TOTAL_TIME: Duration = Duration::from_secs(10);

const NOT_YET: &str = "centralized sampling is not served yet: use local sampling rules";

/// Answers until it is dropped.
#[derive(Debug)]
pub(crate) struct SamplingServer {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SamplingServer {
    pub(crate) fn start(listener: TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("xrayd-sampling".to_owned()).spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    () = accept(listener) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for SamplingServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: tokio::net::TcpListener) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(async move {
                    let _place = place;
                    let _ = tokio::time::timeout(TOTAL_TIME, serve(stream)).await;
                });
            }
            Err(error) => {
                log::debug!("cannot accept a TCP connection: {error}");
                // Out of descriptors, most likely: an error that repeats at once must not burn a core.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(MAX_HEADERS)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .await;
    if let Err(error) = served {
        log::debug!("a TCP connection ended early: {error}");
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let sampling = matches!(request.uri().path(), "/GetSamplingRules" | "/SamplingTargets");
    let posted = request.method() == Method::POST;
    let body = request.into_body();
    let announced = body.size_hint().lower();
    // Read whole, so that the client does not see a reset instead of the answer.
    let fits = announced <= MAX_BODY as u64 && Limited::new(body, MAX_BODY).collect().await.is_ok();
    let (status, message) = match (fits, sampling, posted) {
        (false, ..) => (StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 1 MiB"),
        (true, false, _) => (
            StatusCode::NOT_FOUND,
            "only POST /GetSamplingRules and /SamplingTargets are known here",
        ),
        (true, true, false) => (StatusCode::METHOD_NOT_ALLOWED, "POST is the only method here"),
        (true, true, true) => (StatusCode::SERVICE_UNAVAILABLE, NOT_YET),
    };
    let body = serde_json::json!({ "message": message }).to_string();
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("POST"));
    }
    Ok(response)
}
