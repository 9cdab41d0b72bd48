use std::{
    fmt,
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::{Duration, Instant},
};

use super::{Request, told};

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Until there is a connection.
    pub(crate) connect: Duration,
    /// Until the next bytes come.
    pub(crate) step: Duration,
    /// Until all is done.
    pub(crate) total: Duration,
}

/// When one exchange, or several together, have to be done.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
    patience: Patience,
}

impl Deadline {
    pub(crate) fn within(patience: &Patience) -> Self {
        Self { at: Instant::now() + patience.total, patience: *patience }
    }

    /// The time that is left, at most `step`.
    fn left(self, step: Duration) -> io::Result<Duration> {
        let left = self.at.saturating_duration_since(Instant::now()).min(step);
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

/// Where a service is: `http://host:port/path`.
pub(crate) struct Endpoint {
    /// Host and port, as the `Host` header has them.
    authority: String,
    /// The port, where the authority has none.
    port: u16,
    /// Begins with `/` and does not end with it, or is empty.
    path: String,
}

impl Endpoint {
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let url = url.trim();
        let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"@?#\\".contains(&byte));
        let rest = url.strip_prefix("http://").filter(|_| plain);
        let (authority, path) =
            rest.map_or(("", ""), |rest| rest.split_at(rest.find('/').unwrap_or(rest.len())));
        if authority.is_empty() {
            return Err(format!("{url:?} is not of the form http://host:port/path"));
        }
        let path = path.trim_end_matches('/').to_owned();
        Ok(Self { authority: authority.to_owned(), port: 80, path })
    }

    /// A service at a host, which may be an IPv6 address without brackets, and a port.
    #[cfg(feature = "eks")]
    pub(crate) fn of(host: &str, port: u16) -> Self {
        let authority =
            if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        Self { authority, port, path: String::new() }
    }

    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Asks without TLS.
    pub(crate) fn send(
        &self,
        request: &Request<'_>,
        deadline: Deadline,
    ) -> Result<Vec<u8>, String> {
        let answer = self.connect(deadline);
        let answer = answer.and_then(|mut stream| request.exchange(self, &mut stream));
        answer.map_err(|reason| format!("{} {self}{}: {reason}", request.method, request.path))
    }

    /// A connection that gives up at the deadline. A host name is looked up first, for as long as
    /// the system takes; only the threads of detection and of sampling wait for it.
    pub(crate) fn connect(&self, deadline: Deadline) -> Result<Connection, String> {
        let authority = &self.authority;
        let port = authority.rsplit_once(':').map(|(_, port)| port);
        let has_port = port.is_some_and(|port| !port.ends_with(']'));
        let addresses = if has_port {
            authority.to_socket_addrs()
        } else {
            let host = authority.trim_start_matches('[').trim_end_matches(']');
            (host, self.port).to_socket_addrs()
        };
        let mut last = "the name has no address".to_owned();
        for address in addresses.map_err(told)? {
            let wait = deadline.left(deadline.patience.connect).map_err(told)?;
            match TcpStream::connect_timeout(&address, wait) {
                Ok(stream) => return Ok(Connection { stream, deadline }),
                Err(error) => last = told(error),
            }
        }
        Err(last)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.authority, self.path)
    }
}

/// A connection whose every step is bounded.
pub(crate) struct Connection {
    stream: TcpStream,
    deadline: Deadline,
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.deadline.left(self.deadline.patience.step)?))?;
        self.stream.read(buffer)
    }
}

impl Write for Connection {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.deadline.left(self.deadline.patience.step)?))?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
