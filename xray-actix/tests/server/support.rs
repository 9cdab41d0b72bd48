//! A real server on a port of its own, a client that writes raw bytes, and what was recorded.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use actix_web::dev::{Server, ServerHandle};
use serde_json::{Value, json};
use xray_actix::{
    Recorder, XRayMiddleware,
    xray_core::{sample::LocalRules, testing::MemoryEmitter},
};

/// How long anything may take before a test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A recorder that keeps all it records, with its middleware.
pub(crate) fn recording() -> (XRayMiddleware, MemoryEmitter) {
    let (recorder, memory) = recorder(LocalRules::everything());
    (XRayMiddleware::with(recorder), memory)
}

pub(crate) fn recorder(rules: LocalRules) -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let recorder = Recorder::builder("orders").emitter(memory.clone()).sampling_rules(rules);
    (recorder.build().unwrap(), memory)
}

/// Serves an app, in threads of its own, until it is dropped.
macro_rules! serve {
    ($app:expr) => {
        $crate::support::Serving::start(move |listener| {
            actix_web::HttpServer::new(move || $app)
                .workers(1)
                .disable_signals()
                .listen(listener)
                .unwrap()
                .run()
        })
    };
}

pub(crate) struct Serving {
    address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    pub(crate) fn start(run: impl FnOnce(TcpListener) -> Server + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (started, starting) = mpsc::channel();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = run(listener);
                started.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        let handle = starting.recv_timeout(DEADLINE).unwrap();
        Self { address, handle, thread: Some(thread) }
    }

    /// Sends a request; the answer is read later.
    pub(crate) fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    /// Sends a request with these header lines and reads until the server closes.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: shop.example\r\n");
        for line in headers {
            text.extend([line, "\r\n"]);
        }
        text.push_str("Connection: close\r\n\r\n");
        let mut bytes = Vec::new();
        match self.send(&text).read_to_end(&mut bytes) {
            Ok(_) => {}
            // A panic leaves the request unread, so that the connection is reset.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("no answer: {error}"),
        }
        Answer(String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[])
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

pub(crate) struct Answer(pub(crate) String);

impl Answer {
    pub(crate) fn status(&self) -> &str {
        self.0.split(' ').nth(1).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let head = self.0.split("\r\n\r\n").next()?;
        let pairs = head.split("\r\n").filter_map(|line| line.split_once(": "));
        pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    pub(crate) fn trace(&self) -> Option<&str> {
        self.header("x-amzn-trace-id")
    }

    pub(crate) fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

/// Waits for the one document that a request gives.
pub(crate) fn only(memory: &MemoryEmitter) -> Value {
    let mut documents = memory.wait(1, DEADLINE);
    assert_eq!(documents.len(), 1, "{documents:#?}");
    documents.remove(0)
}

/// The document without what differs from run to run: ids, times and versions, once they are seen
/// to be there.
pub(crate) fn settled(mut document: Value) -> Value {
    settle(&mut document);
    assert!(document["trace_id"].as_str().is_some_and(|id| id.len() == 35));
    assert_eq!(document["aws"]["xray"]["sdk"], "X-Ray for Rust");
    for key in ["trace_id", "aws", "service"] {
        document.as_object_mut().unwrap().remove(key);
    }
    document
}

fn settle(entity: &mut Value) {
    let fields = entity.as_object_mut().unwrap();
    assert!(fields.remove("id").unwrap().as_str().is_some_and(|id| id.len() == 16));
    let start = fields.remove("start_time").unwrap().as_f64().unwrap();
    assert!(fields.remove("end_time").unwrap().as_f64().unwrap() >= start);
    if let Some(cause) = fields.get_mut("cause") {
        assert!(cause.as_object_mut().unwrap().remove("working_directory").is_some());
        for exception in cause["exceptions"].as_array_mut().unwrap() {
            exception.as_object_mut().unwrap().remove("id").unwrap();
        }
    }
    for child in fields.get_mut("subsegments").and_then(Value::as_array_mut).into_iter().flatten() {
        settle(child);
    }
}

/// The `cause` of a settled document with one exception.
pub(crate) fn cause(kind: &str, message: &str) -> Value {
    json!({ "exceptions": [{ "type": kind, "message": message }] })
}

/// The request of a settled document, as [`Serving::request`] sends it.
pub(crate) fn request_block(method: &str, path: &str) -> Value {
    json!({
        "method": method,
        "url": format!("http://shop.example{path}"),
        "client_ip": "127.0.0.1",
    })
}
