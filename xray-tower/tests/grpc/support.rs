//! A server on a port of its own, and what was recorded.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tonic::{
    body::Body,
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};
use tower::Service;
use tower_layer::Layer;
use xray_core::{sample::LocalRules, testing::MemoryEmitter};
use xray_tower::{Recorder, XRayClientLayer, XRayLayer, client::XRayClientMiddleware};

use crate::echo::{Caller, Echo};

/// How long anything may take before a test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) fn recorder(name: &str) -> (Recorder, MemoryEmitter) {
    recorder_with(name, LocalRules::everything())
}

pub(crate) fn recorder_with(name: &str, rules: LocalRules) -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let builder = Recorder::builder(name).emitter(memory.clone()).sampling_rules(rules);
    (builder.build().unwrap(), memory)
}

/// A server, until it is dropped.
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves what answers requests by itself.
pub(crate) fn serve<S>(layer: XRayLayer, service: S) -> Serving
where
    S: Service<http::Request<Body>, Response = http::Response<Body>>,
    S: Clone + Send + 'static,
    S::Error: std::fmt::Display + Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
    S::Future: Send + 'static,
{
    let incoming = TcpIncoming::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = incoming.local_addr().unwrap();
    let server = Server::builder().layer(layer).serve_with_incoming(service, incoming);
    let task = tokio::spawn(async move { server.await.unwrap() });
    Serving { address, task }
}

impl Serving {
    pub(crate) fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        endpoint.origin("http://shop.test".parse().unwrap()).connect_lazy()
    }

    pub(crate) fn caller(&self) -> Caller<Channel> {
        Caller::new(self.channel())
    }

    /// A client with our layer, in the two lines that users write.
    pub(crate) fn traced_caller(&self) -> Caller<XRayClientMiddleware<Channel>> {
        let channel = XRayClientLayer::new().layer(self.channel());
        Caller::with_origin(channel, "http://shop.test:81")
    }
}

/// `shop.Echo` behind the layer, with what it records.
pub(crate) struct Recorded {
    pub(crate) serving: Serving,
    pub(crate) memory: MemoryEmitter,
    pub(crate) echo: Echo,
}

pub(crate) fn recorded() -> Recorded {
    let (xray, memory) = recorder("shop");
    let echo = Echo::default();
    let routes = tonic::service::Routes::new(echo.clone());
    Recorded { serving: serve(XRayLayer::with(xray), routes), memory, echo }
}

impl Recorded {
    /// Waits for the one document of a call.
    pub(crate) async fn document(&self) -> Value {
        let memory = self.memory.clone();
        let wait = tokio::task::spawn_blocking(move || memory.wait(1, DEADLINE));
        let mut documents = wait.await.unwrap();
        assert_eq!(documents.len(), 1, "{documents:#?}");
        settled(documents.remove(0))
    }
}

/// The document without what differs from run to run: ids, times and versions, once they are seen
/// to be there.
pub(crate) fn settled(mut document: Value) -> Value {
    assert_eq!(document["aws"]["xray"]["sdk"], "X-Ray for Rust");
    for key in ["aws", "service", "trace_id"] {
        assert!(document.as_object_mut().unwrap().remove(key).is_some(), "{key}");
    }
    settle(&mut document);
    document
}

fn settle(document: &mut Value) {
    let fields = document.as_object_mut().unwrap();
    assert!(fields.remove("id").unwrap().as_str().is_some_and(|id| id.len() == 16));
    let start = fields.remove("start_time").unwrap().as_f64().unwrap();
    assert!(fields.remove("end_time").unwrap().as_f64().unwrap() >= start);
    if let Some(request) = document.pointer_mut("/http/request").and_then(Value::as_object_mut)
        && let Some(agent) = request.remove("user_agent")
    {
        assert!(agent.as_str().unwrap().starts_with("tonic/"));
    }
    if let Some(cause) = document.get_mut("cause") {
        assert!(cause.as_object_mut().unwrap().remove("working_directory").is_some());
        for exception in cause["exceptions"].as_array_mut().unwrap() {
            exception.as_object_mut().unwrap().remove("id").unwrap();
            exception.as_object_mut().unwrap().remove("cause");
        }
    }
    for child in document.get_mut("subsegments").and_then(Value::as_array_mut).into_iter().flatten()
    {
        settle(child);
    }
}

/// The settled document of a call to `shop.Echo`, with what is special of it.
pub(crate) fn call(method: &str, response: &Value, more: Value) -> Value {
    let mut document = json!({
        "name": "shop",
        "http": {
            "request": {
                "method": "POST",
                "url": format!("grpc://shop.test/shop.Echo/{method}"),
                "client_ip": "127.0.0.1",
            },
            "response": response,
        },
    });
    if response.is_null() {
        document["http"].as_object_mut().unwrap().remove("response");
    }
    if let Value::Object(more) = more {
        document.as_object_mut().unwrap().extend(more);
    }
    document
}
