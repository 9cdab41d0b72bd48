//! What the tests of this crate share: documents and a browser that says exactly what it is told to say.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use xray_console::{Console, ConsoleServer, Document, Node, ServiceGraph};

pub(crate) const TRACE: &str = "1-5759e988-bd862e3fe1be46a994272793";

/// A segment of one second, completed by `with`.
pub(crate) fn segment(id: u64, name: &str, with: Value) -> Value {
    let mut document = json!({
        "name": name, "id": format!("{id:016x}"), "trace_id": TRACE,
        "start_time": 1_461_096_053.0, "end_time": 1_461_096_054.0,
    });
    merge(&mut document, with);
    document
}

/// The same without what only segments carry.
pub(crate) fn subsegment(id: u64, name: &str, with: Value) -> Value {
    let mut value = segment(id, name, with);
    value.as_object_mut().unwrap().remove("trace_id");
    value
}

fn merge(document: &mut Value, with: Value) {
    let Value::Object(fields) = with else { return };
    for (key, value) in fields {
        match value {
            Value::Null => document.as_object_mut().unwrap().remove(&key),
            value => document.as_object_mut().unwrap().insert(key, value),
        };
    }
}

pub(crate) fn document(value: &Value) -> Document {
    Document::parse(value.to_string().as_bytes()).unwrap()
}

pub(crate) fn receive(console: &Console, values: &[Value]) {
    for value in values {
        console.receive(document(value));
    }
}

/// A console that serves pages on a port of its own.
pub(crate) fn served() -> (Console, ConsoleServer) {
    let console = Console::builder().build();
    let server = console.serve(TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
    (console, server)
}

pub(crate) fn node<'g>(
    graph: &'g ServiceGraph,
    name: &str,
    kind: Option<&str>,
) -> Option<&'g Node> {
    graph.nodes.iter().find(|node| node.name == name && node.kind.as_deref() == kind)
}

/// The edges as `from → to`, with how many requests each has.
pub(crate) fn edges(graph: &ServiceGraph) -> Vec<(String, u64)> {
    let label = |index: usize| {
        let node = &graph.nodes[index];
        match node.kind.as_deref() {
            Some("client") => "client".to_owned(),
            _ => node.name.clone(),
        }
    };
    let mut list: Vec<_> = graph
        .edges
        .iter()
        .map(|edge| (format!("{} → {}", label(edge.from), label(edge.to)), edge.stats.total))
        .collect();
    list.sort();
    list
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    raw(address, &format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"))
}

/// Sends these bytes and reads to the end. HTTP clients rewrite `Host`; this does not.
pub(crate) fn raw(address: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}
