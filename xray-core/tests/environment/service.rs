//! A metadata service: a listener on loopback that answers as a test tells it.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

/// What the service does with a connection once the request is there.
pub(crate) enum Answer {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Says nothing and waits for the client to close.
    Silence,
    /// Sends these bytes again and again, until the client closes.
    Endless(Vec<u8>),
    /// Sends a byte of an endless header now and then, until the client closes.
    Trickle,
}

impl Answer {
    /// A 200 with this body.
    pub(crate) fn ok(body: &str) -> Self {
        let length = body.len();
        Self::raw(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"))
    }

    pub(crate) fn status(code: u16) -> Self {
        Self::raw(format!("HTTP/1.1 {code} No\r\ncontent-length: 0\r\n\r\n"))
    }

    pub(crate) fn raw(answer: impl Into<Vec<u8>>) -> Self {
        Self::Bytes(answer.into())
    }
}

/// What the service saw.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Request(Request),
    /// The client closed a connection on which it was still owed something.
    Closed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Method and path.
    pub(crate) line: String,
    /// All headers, sorted, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }
}

pub(crate) struct Service {
    pub(crate) address: String,
    seen: Receiver<Seen>,
}

impl Service {
    pub(crate) fn new(answer: impl Fn(&Request) -> Answer + Send + 'static) -> Self {
        Self::over(Some, answer)
    }

    /// A service whose connections are wrapped first, in TLS for one; `None` is not served.
    pub(crate) fn over<S: Read + Write>(
        wrap: impl Fn(TcpStream) -> Option<S> + Send + 'static,
        answer: impl Fn(&Request) -> Answer + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, seen) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                if let Some(mut stream) = wrap(stream.unwrap()) {
                    serve(&mut stream, &answer, &sender);
                }
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it saw so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.try_iter().collect()
    }

    /// The requests among what it saw so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        let requests = self.seen.try_iter().filter_map(|seen| match seen {
            Seen::Request(request) => Some(request),
            Seen::Closed => None,
        });
        requests.collect()
    }

    /// Waits for what it sees next.
    pub(crate) fn next(&self) -> Seen {
        self.seen.recv_timeout(Duration::from_secs(30)).unwrap()
    }
}

fn serve(
    stream: &mut (impl Read + Write),
    answer: &impl Fn(&Request) -> Answer,
    seen: &Sender<Seen>,
) {
    let Some(request) = read_request(stream) else { return };
    // The test may be over; nobody looks then.
    let _ = seen.send(Seen::Request(request.clone()));
    match answer(&request) {
        Answer::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).and_then(|()| stream.flush());
            return;
        }
        Answer::Silence => while stream.read(&mut [0; 64]).is_ok_and(|length| length > 0) {},
        Answer::Endless(bytes) => while stream.write_all(&bytes).is_ok() {},
        Answer::Trickle => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx: ");
            while stream.write_all(b"x").is_ok() {
                // The pace is what is tested: no byte alone is late.
                thread::sleep(Duration::from_millis(50));
            }
        }
    }
    let _ = seen.send(Seen::Closed);
}

fn read_request(stream: &mut impl Read) -> Option<Request> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next().unwrap().strip_suffix(" HTTP/1.1").unwrap().to_owned();
    let headers = lines.map(|line| line.split_once(": ").unwrap());
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    Some(Request { line, headers })
}
