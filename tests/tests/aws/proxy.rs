//! A proxy before moto: it keeps each request, and answers in moto's place where a test says so.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What happens to a request.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// moto answers.
    Pass,
    /// This is the answer: status, headers and body.
    Answer(u16, &'static str, String),
    /// The connection is reset once the request is read.
    Reset,
    /// There is no answer.
    Hang,
    /// A head that promises a body, and no body.
    HalfAnswer,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The value of a header that is there once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(one, _)| one == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} is there twice");
        value
    }

    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[derive(Debug, Default)]
struct Shared {
    fates: Mutex<VecDeque<Fate>>,
    requests: Mutex<Vec<Request>>,
}

#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Before a server on this port.
    pub(crate) async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::<Shared>::default();
        tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let shared = Arc::clone(&shared);
                    tokio::spawn(async move {
                        // A client that leaves is no failure of the proxy.
                        let _ = serve(BufReader::new(stream), port, &shared).await;
                    });
                }
            }
        });
        Self { address, shared }
    }

    /// The next requests have these fates; those after them pass.
    pub(crate) fn next(&self, fates: impl IntoIterator<Item = Fate>) {
        *self.shared.fates.lock().expect("no panic") = fates.into_iter().collect();
    }

    /// What came since this was asked last.
    pub(crate) fn take(&self) -> Vec<Request> {
        std::mem::take(&mut *self.shared.requests.lock().expect("no panic"))
    }

    /// The one request that came.
    pub(crate) fn take_one(&self) -> Request {
        let mut requests = self.take();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }
}

/// One request on each connection.
async fn serve(
    mut client: BufReader<TcpStream>,
    port: u16,
    shared: &Shared,
) -> std::io::Result<()> {
    let (head, request) = read(&mut client).await?;
    let fate = shared.fates.lock().expect("no panic").pop_front().unwrap_or(Fate::Pass);
    let body = request.body.clone();
    shared.requests.lock().expect("no panic").push(request);
    match fate {
        Fate::Pass => {
            let mut moto = TcpStream::connect(("127.0.0.1", port)).await?;
            moto.write_all(&[head.as_bytes(), &body].concat()).await?;
            let mut answer = Vec::new();
            moto.read_to_end(&mut answer).await?;
            client.write_all(&answer).await?;
        }
        Fate::Answer(status, headers, body) => {
            let answer = format!(
                "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
                body.len()
            );
            client.write_all(answer.as_bytes()).await?;
        }
        Fate::Reset => client.get_ref().set_zero_linger()?,
        Fate::Hang => drop(client.read(&mut [0]).await),
        Fate::HalfAnswer => {
            client.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\n{").await?;
            let _ = client.read(&mut [0]).await;
        }
    }
    client.shutdown().await
}

/// The head to send on, and the request.
async fn read(client: &mut BufReader<TcpStream>) -> std::io::Result<(String, Request)> {
    let mut line = String::new();
    client.read_line(&mut line).await?;
    let mut head = line.clone();
    let (method, rest) = line.split_once(' ').unwrap_or_default();
    let target = rest.split(' ').next().unwrap_or_default().to_owned();
    let method = method.to_owned();
    let (mut headers, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if client.read_line(&mut line).await? <= 2 {
            break;
        }
        let (name, value) = line.trim_end().split_once(':').unwrap_or_default();
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        if name == "content-length" {
            length = value.parse().expect("a length");
        }
        if name == "expect" {
            client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        } else if name != "connection" {
            head.push_str(&line);
        }
        headers.push((name, value));
    }
    head.push_str("connection: close\r\n\r\n");
    let mut body = vec![0; length];
    client.read_exact(&mut body).await?;
    Ok((head, Request { method, target, headers, body }))
}
