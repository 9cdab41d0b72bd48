//! The Lambda Runtime API on loopback, by its public protocol, with a daemon's UDP port beside it.

use std::{
    collections::VecDeque,
    net::{SocketAddr, UdpSocket},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpListener, sync::mpsc};

/// How long a test waits for anything: far more than a loaded machine needs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// An invocation to be: what the function gets with `/next`.
#[derive(Clone, Debug)]
pub(crate) struct Invoke {
    request_id: &'static str,
    trace: Option<String>,
    event: Value,
    time: Duration,
}

impl Invoke {
    pub(crate) fn new(request_id: &'static str, event: Value) -> Self {
        Self { request_id, trace: None, event, time: DEADLINE }
    }

    /// With this `Lambda-Runtime-Trace-Id`.
    pub(crate) fn trace(self, header: &str) -> Self {
        Self { trace: Some(header.to_owned()), ..self }
    }

    /// With so much time from when the function takes it.
    pub(crate) fn time(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    fn response(self) -> Response<Full<Bytes>> {
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + self.time;
        let mut response = Response::builder()
            .header("Lambda-Runtime-Aws-Request-Id", self.request_id)
            .header("Lambda-Runtime-Deadline-Ms", deadline.as_millis().to_string())
            .header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:1:function:f");
        if let Some(trace) = self.trace {
            response = response.header("Lambda-Runtime-Trace-Id", trace);
        }
        response.body(self.event.to_string().into()).unwrap()
    }
}

/// What the function posted, and which documents had come by then.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) request_id: String,
    /// `response` or `error`.
    pub(crate) kind: String,
    pub(crate) streamed: bool,
    pub(crate) body: Bytes,
    /// All since the last answer.
    pub(crate) documents: Vec<Value>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// The service that a function speaks to.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) address: SocketAddr,
    pub(crate) daemon: SocketAddr,
    state: Arc<State>,
    answers: mpsc::UnboundedReceiver<Answer>,
}

#[derive(Debug)]
struct State {
    waiting: Mutex<VecDeque<Invoke>>,
    /// Answers that are awaited, and the daemon's port, which closes with the last one.
    open: Mutex<(usize, Option<UdpSocket>)>,
    answered: mpsc::UnboundedSender<Answer>,
}

impl Api {
    /// Serves these invocations, in their order, to whoever asks first.
    pub(crate) async fn serve(invocations: impl IntoIterator<Item = Invoke>) -> Self {
        let waiting: VecDeque<Invoke> = invocations.into_iter().collect();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let daemon = socket.local_addr().unwrap();
        let (answered, answers) = mpsc::unbounded_channel();
        let open = Mutex::new((waiting.len(), Some(socket)));
        let state = Arc::new(State { waiting: Mutex::new(waiting), open, answered });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                let service = service_fn(move |request| Arc::clone(&state).respond(request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, daemon, state, answers }
    }

    /// The function's next answer.
    pub(crate) async fn answer(&mut self) -> Answer {
        let answer = tokio::time::timeout(DEADLINE, self.answers.recv()).await;
        answer.expect("the function answers").expect("the API is there")
    }

    /// The documents that have come, without an answer; waits for one if there is none.
    pub(crate) async fn documents(&self) -> Vec<Value> {
        let socket = self.state.open.lock().unwrap().1.as_ref().unwrap().try_clone().unwrap();
        socket.set_nonblocking(true).unwrap();
        let readable = tokio::net::UdpSocket::from_std(socket.try_clone().unwrap()).unwrap();
        tokio::time::timeout(DEADLINE, readable.readable()).await.expect("a document").unwrap();
        drain(&socket)
    }

    /// The documents that have come.
    pub(crate) fn rest(&self) -> Vec<Value> {
        self.state.open.lock().unwrap().1.as_ref().map(drain).unwrap_or_default()
    }
}

impl State {
    async fn respond(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> hyper::Result<Response<Full<Bytes>>> {
        let path = request.uri().path().to_owned();
        let path: Vec<&str> = path.trim_start_matches("/2018-06-01/runtime/").split('/').collect();
        match (request.method(), &*path) {
            (&Method::GET, ["invocation", "next"]) => {
                let next = self.waiting.lock().unwrap().pop_front();
                match next {
                    Some(invoke) => Ok(invoke.response()),
                    // As Lambda freezes a function that has nothing to do.
                    None => std::future::pending().await,
                }
            }
            (&Method::GET, ["restore", "next"]) => Ok(Response::default()),
            (&Method::POST, ["invocation", request_id, kind @ ("response" | "error")]) => {
                let mode = request.headers().get("Lambda-Runtime-Function-Response-Mode");
                let streamed = mode.is_some_and(|mode| mode == "streaming");
                let (request_id, kind) = ((*request_id).to_owned(), (*kind).to_owned());
                let body = request.into_body().collect().await?.to_bytes();
                let documents = self.documents_at_answer();
                let answer = Answer { request_id, kind, streamed, body, documents };
                self.answered.send(answer).unwrap();
                Ok(Response::builder().status(202).body(Full::default()).unwrap())
            }
            other => panic!("the Runtime API knows no {other:?}"),
        }
    }

    /// What lies in the daemon's port at this instant; with the last answer it closes.
    fn documents_at_answer(&self) -> Vec<Value> {
        let mut open = self.open.lock().unwrap();
        let documents = open.1.as_ref().map(drain).unwrap_or_default();
        open.0 -= 1;
        if open.0 == 0 {
            open.1 = None;
        }
        documents
    }
}

/// Takes what has come, and waits for nothing.
fn drain(socket: &UdpSocket) -> Vec<Value> {
    socket.set_nonblocking(true).unwrap();
    let mut buffer = vec![0; 65_536];
    let mut documents = Vec::new();
    while let Ok(length) = socket.recv(&mut buffer) {
        let text = std::str::from_utf8(&buffer[..length]).unwrap();
        let (header, document) = text.split_once('\n').unwrap();
        let header: Value = serde_json::from_str(header).unwrap();
        assert_eq!(header, serde_json::json!({"format": "json", "version": 1}));
        documents.push(serde_json::from_str(document).unwrap());
    }
    documents
}
