//! A small HTTP/1.1 client for metadata services and the sampling calls: one exchange a connection,
//! no redirects, and a bound on everything.

mod answer;
mod endpoint;

pub(crate) use endpoint::{Deadline, Endpoint, Patience};

use std::io::{self, Read, Write};

/// Most bytes of an answer of a metadata service, head and body together.
const MAX_ANSWER: usize = 64 * 1024;

/// What is asked of an endpoint, under the endpoint's own path.
pub(crate) struct Request<'a> {
    pub(crate) method: &'static str,
    pub(crate) path: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a [u8],
    /// Most bytes of the answer, head and body together.
    pub(crate) most: usize,
}

impl<'a> Request<'a> {
    pub(crate) const fn get(path: &'a str) -> Self {
        Self { method: "GET", path, headers: &[], body: &[], most: MAX_ANSWER }
    }

    /// Sends the request to `to` over `stream` and reads the answer's body; only a 200 has one.
    pub(crate) fn exchange(
        &self,
        to: &Endpoint,
        stream: &mut (impl Read + Write),
    ) -> Result<Vec<u8>, String> {
        let mut sent = self.head(to)?.into_bytes();
        sent.extend_from_slice(self.body);
        stream.write_all(&sent).map_err(told)?;
        let mut received = Vec::new();
        let mut buffer = [0; 8 * 1024];
        loop {
            let length = match stream.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(told)?,
            };
            received.extend_from_slice(&buffer[..length]);
            if let Some(body) = answer::body(&received, length == 0, self.most)? {
                return Ok(body);
            }
            if received.len() > self.most {
                return Err(format!("the answer is over {} bytes", self.most));
            }
        }
    }

    fn head(&self, to: &Endpoint) -> Result<String, String> {
        let Self { method, path, .. } = self;
        let (host, base) = (to.authority(), to.path());
        let mut text = format!(
            "{method} {base}{path} HTTP/1.1\r\nhost: {host}\r\naccept: application/json\r\n\
             user-agent: xray-core/{}\r\nconnection: close\r\n",
            env!("CARGO_PKG_VERSION")
        );
        if *method != "GET" {
            text.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        for (name, value) in self.headers {
            // Tokens come from elsewhere; one with a line break would write a header of its own.
            if !is_header_value(value) {
                return Err(format!("the value for the header {name} is no header value"));
            }
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        Ok(text)
    }
}

/// Whether a text can stand in a header's line.
pub(crate) fn is_header_value(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

/// A socket's time-out has two names, neither of which says what happened.
#[expect(clippy::needless_pass_by_value, reason = "the way `map_err` hands an error over")]
fn told(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "no answer in time".into(),
        _ => error.to_string(),
    }
}
