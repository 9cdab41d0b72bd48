use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use socket2::SockRef;
use tokio::sync::Notify;

/// A service that is called, with every way to answer badly; one connection is one request.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Vec<String>>,
    colors: Mutex<Vec<String>>,
    arrived: Arc<Notify>,
    stopped: AtomicBool,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::<Shared>::default();
        let theirs = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if theirs.stopped.load(Ordering::Acquire) {
                    break;
                }
                let shared = Arc::clone(&theirs);
                // A client that has gone is what some cases want.
                thread::spawn(move || drop(serve(stream, address, &shared)));
            }
        });
        Self { address, shared, thread: Some(thread) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn arrived(&self) -> Arc<Notify> {
        Arc::clone(&self.shared.arrived)
    }

    /// Each request as a line: method, target, and the three headers of a trace, `-` for none.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// The `color` of each request.
    pub(crate) fn colors(&self) -> Vec<String> {
        self.shared.colors.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Release);
        drop(TcpStream::connect(self.address));
        let joined = self.thread.take().map(thread::JoinHandle::join);
        assert!(joined.is_none_or(|joined| joined.is_ok()) || thread::panicking());
    }
}

fn serve(stream: TcpStream, address: SocketAddr, shared: &Shared) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let all = |name: &str| {
        let pairs = head.lines().filter_map(|line| line.split_once(": "));
        let values: Vec<&str> = pairs
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect();
        if values.is_empty() { "-".to_owned() } else { values.join(",") }
    };
    let mut start = head.split(' ');
    let (method, target) = (start.next().unwrap_or_default(), start.next().unwrap_or_default());
    let headers = ["x-amzn-trace-id", "traceparent", "tracestate"].map(all).join(" ");
    shared.seen.lock().unwrap().push(format!("{method} {target} {headers}"));
    shared.colors.lock().unwrap().push(all("color"));
    shared.arrived.notify_one();
    if target == "/socket" {
        return upgrade(stream, &all("sec-websocket-key"));
    }
    answer(stream, target.split('?').next().unwrap_or_default(), address)
}

fn answer(mut stream: TcpStream, path: &str, address: SocketAddr) -> std::io::Result<()> {
    let mut send = |head: &str, body: &str| {
        stream.write_all(format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n{body}").as_bytes())
    };
    let none = "Content-Length: 0";
    match path {
        "/plain" => send("200 OK\r\nContent-Length: 5", "hello")?,
        "/spoof" => send(
            "200 OK\r\nX-Amzn-Trace-Id: Root=1-00000000-0123456789abcdef01234567;Sampled=0\r\n\
             traceparent: 00-000000000123456789abcdef01234567-0123456789abcdef-00\r\nContent-Length: 5",
            "hello",
        )?,
        "/chunked" => {
            send("200 OK\r\nTransfer-Encoding: chunked", "4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n")?;
        }
        "/events" => send(
            "200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked",
            "b\r\ndata: tick\n\r\n0\r\n\r\n",
        )?,
        "/empty" => send("204 No Content", "")?,
        "/limited" => send(&format!("429 Too Many Requests\r\n{none}"), "")?,
        "/broken" => send(&format!("503 Service Unavailable\r\n{none}"), "")?,
        "/redirect" => send(&format!("302 Found\r\nLocation: /plain?b=2\r\n{none}"), "")?,
        "/away" => {
            let to = format!("http://bob:secret@localhost:{}/plain?b=2", address.port());
            send(&format!("302 Found\r\nLocation: {to}\r\n{none}"), "")?;
        }
        "/garbage" => stream.write_all(b"no HTTP at all\r\n\r\n")?,
        "/reset" => return reset(&stream),
        "/torn" => {
            send("200 OK\r\nContent-Length: 100", "one ")?;
            return reset(&stream);
        }
        "/cut" => send("200 OK\r\nContent-Length: 100", "one ")?,
        "/silent" => drop(stream.read(&mut [0])?),
        _ => send(&format!("404 Not Found\r\n{none}"), "")?,
    }
    stream.shutdown(Shutdown::Write)?;
    // Closed with something unread, the connection would be reset.
    std::io::copy(&mut stream, &mut std::io::sink()).map(drop)
}

fn reset(stream: &TcpStream) -> std::io::Result<()> {
    SockRef::from(stream).set_linger(Some(std::time::Duration::ZERO))
}

/// Becomes a web socket, and closes it.
fn upgrade(mut stream: TcpStream, key: &str) -> std::io::Result<()> {
    let accept = actix_http::ws::hash_key(key.as_bytes());
    let accept = String::from_utf8_lossy(&accept);
    let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket";
    stream.write_all(format!("{head}\r\nSec-WebSocket-Accept: {accept}\r\n\r\n").as_bytes())
}
