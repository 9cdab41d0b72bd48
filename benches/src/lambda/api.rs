use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::fd::AsFd,
    time::Instant,
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Milliseconds that a function may take for anything before it counts as hung.
const PATIENCE: u16 = 10_000;

/// No request of a function that does nothing is near it.
const LARGEST: usize = 64 * 1024;

/// The Lambda Runtime API on loopback, for one function, which asks for one thing at a time. It has no thread: who waits for a
/// request sees it as soon as the kernel does.
#[derive(Debug)]
pub(super) struct Api {
    listener: TcpListener,
    /// The client of a function may open another one while the first is not free yet.
    connections: Vec<Connection>,
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// What the function asks for.
#[derive(Debug)]
pub(super) struct Request {
    /// When all of it was here.
    pub(super) moment: Instant,
    pub(super) path: String,
    pub(super) body: Vec<u8>,
    connection: usize,
}

impl Api {
    pub(super) fn start() -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        Ok(Self { listener, connections: Vec::new() })
    }

    pub(super) fn address(&self) -> Result<SocketAddr, String> {
        self.listener.local_addr().map_err(|error| error.to_string())
    }

    /// The next request, which has to come in time.
    pub(super) fn request(&mut self) -> Result<Request, String> {
        loop {
            let ready = self.ready()?;
            let Some(connection) = ready else {
                let (stream, _) = self.listener.accept().map_err(|error| error.to_string())?;
                stream.set_nodelay(true).map_err(|error| error.to_string())?;
                self.connections.push(Connection { stream, received: Vec::new() });
                continue;
            };
            if !self.connections[connection].receive()? {
                self.connections.remove(connection);
                continue;
            }
            if let Some((path, body)) = self.connections[connection].take()? {
                return Ok(Request { moment: Instant::now(), path, body, connection });
            }
        }
    }

    /// Writes the whole answer at once; gives the moment before.
    pub(super) fn answer(&mut self, request: &Request, answer: &str) -> Result<Instant, String> {
        let moment = Instant::now();
        let connection = &mut self.connections[request.connection];
        connection.stream.write_all(answer.as_bytes()).map_err(|error| error.to_string())?;
        Ok(moment)
    }

    /// The connection that has something to read; none if a new one comes in.
    fn ready(&self) -> Result<Option<usize>, String> {
        let watch = |file| PollFd::new(file, PollFlags::POLLIN);
        let mut files = vec![watch(self.listener.as_fd())];
        files.extend(self.connections.iter().map(|connection| watch(connection.stream.as_fd())));
        match poll(&mut files, PollTimeout::from(PATIENCE)) {
            Ok(0) => Err(format!("the function has been silent for {PATIENCE} ms")),
            Ok(_) => Ok(files.iter().skip(1).position(|file| file.any() == Some(true))),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Connection {
    /// False if the function has closed it.
    fn receive(&mut self) -> Result<bool, String> {
        let mut part = [0; 4096];
        let length = self.stream.read(&mut part).map_err(|error| error.to_string())?;
        self.received.extend_from_slice(&part[..length]);
        if self.received.len() > LARGEST {
            return Err(format!("a request of over {LARGEST} bytes"));
        }
        Ok(length > 0)
    }

    /// Path and body, once all of a request is here.
    fn take(&mut self) -> Result<Option<(String, Vec<u8>)>, String> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut headers);
        let parsed = request.parse(&self.received).map_err(|error| error.to_string())?;
        let httparse::Status::Complete(head) = parsed else { return Ok(None) };
        let header = |name: &str| {
            let mut headers = request.headers.iter();
            let header = headers.find(|header| header.name.eq_ignore_ascii_case(name))?;
            std::str::from_utf8(header.value).ok()
        };
        if header("transfer-encoding").is_some() {
            return Err("a body in chunks, which nothing here should send".to_owned());
        }
        let length = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let Some(body) = self.received.get(head..head + length) else { return Ok(None) };
        let taken = (request.path.unwrap_or_default().to_owned(), body.to_vec());
        self.received.drain(..head + length);
        Ok(Some(taken))
    }
}
