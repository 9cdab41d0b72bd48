//! A small HTTP/1.1 client for metadata services: one exchange a connection, no redirects, and a
//! bound on everything.

mod answer;
mod endpoint;

pub(super) use endpoint::{Deadline, Endpoint};

use std::io::{self, Read, Write};

/// Most bytes of an answer, head and body together.
const MAX_ANSWER: usize = 64 * 1024;

/// What is asked of an endpoint, under the endpoint's own path.
pub(super) struct Request<'a> {
    pub(super) method: &'static str,
    pub(super) path: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
}

impl Request<'_> {
    /// Sends the request to `to` over `stream` and reads the answer's body; only a 200 has one.
    pub(super) fn exchange(
        &self,
        to: &Endpoint,
        stream: &mut (impl Read + Write),
    ) -> Result<Vec<u8>, String> {
        stream.write_all(self.text(to)?.as_bytes()).map_err(told)?;
        let mut received = Vec::new();
        let mut buffer = [0; 8 * 1024];
        loop {
            let length = match stream.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(told)?,
            };
            received.extend_from_slice(&buffer[..length]);
            if let Some(body) = answer::body(&received, length == 0)? {
                return Ok(body);
            }
            if received.len() > MAX_ANSWER {
                return Err(format!("the answer is over {MAX_ANSWER} bytes"));
            }
        }
    }

    fn text(&self, to: &Endpoint) -> Result<String, String> {
        let Self { method, path, .. } = self;
        let (host, base) = (to.authority(), to.path());
        let mut text = format!(
            "{method} {base}{path} HTTP/1.1\r\nhost: {host}\r\naccept: application/json\r\n\
             user-agent: xray-core/{}\r\nconnection: close\r\n",
            env!("CARGO_PKG_VERSION")
        );
        if *method != "GET" {
            text.push_str("content-length: 0\r\n");
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
pub(super) fn is_header_value(text: &str) -> bool {
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
