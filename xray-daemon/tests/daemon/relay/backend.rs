//! A stand-in of AWS on loopback: X-Ray takes documents, STS tells the account; with faults on demand.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde::Deserialize;

const DEADLINE: Duration = Duration::from_secs(30);
const ACCOUNT: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
    <GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/test</Arn><UserId>AIDA</UserId>\
    <Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";

/// How one call is answered.
#[derive(Clone)]
pub(super) enum Answer {
    /// A status, more header lines, a body. Documents count as taken if the status is 200.
    Status(u16, &'static str, String),
    /// Never.
    Hang,
    /// The connection is cut once the request was read.
    Cut,
}

impl Answer {
    pub(super) fn taken() -> Self {
        Self::Status(200, "", r#"{"UnprocessedTraceSegments":[]}"#.to_owned())
    }

    pub(super) fn error(status: u16, code: &str) -> Self {
        Self::Status(status, "", format!(r#"{{"__type":"{code}","message":"so it is"}}"#))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Segments {
    trace_segment_documents: Vec<String>,
}

/// Answers until the test's process ends.
pub(super) struct Backend {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    connections: usize,
    /// Whether STS was asked, and may answer.
    asked: bool,
    held: bool,
    accountless: bool,
    script: VecDeque<Answer>,
    /// What makes a call a bad one.
    poison: Option<String>,
    /// Answers for good, once the script is at its end.
    last: Option<Answer>,
    calls: Vec<(u16, Vec<String>)>,
    /// Path and body of the calls about sampling.
    sampling: Vec<(String, String)>,
    /// How these are answered.
    sampling_answer: Option<Answer>,
}

impl Backend {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let backend = Self { address: listener.local_addr().unwrap(), shared: Arc::default() };
        let shared = Arc::clone(&backend.shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                shared.change(|state| state.connections += 1);
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        backend
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers the next calls in this way, the rest with `taken`.
    pub(super) fn script(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.change(|state| state.script.extend(answers));
    }

    /// Answers every call in this way.
    pub(super) fn always(&self, answer: Answer) {
        self.shared.change(|state| state.last = Some(answer));
    }

    /// Refuses each call that has a document with this text.
    pub(super) fn poison(&self, text: &str) {
        self.shared.change(|state| state.poison = Some(text.to_owned()));
    }

    /// Answers the calls about sampling.
    pub(super) fn answer_sampling(&self, answer: Answer) {
        self.shared.change(|state| state.sampling_answer = Some(answer));
    }

    /// Path and body of the calls about sampling so far.
    pub(super) fn sampling_calls(&self) -> Vec<(String, String)> {
        self.shared.state.lock().unwrap().sampling.clone()
    }

    /// Keeps STS from answering, or lets it.
    pub(super) fn hold_account(&self, hold: bool) {
        self.shared.change(|state| state.held = hold);
    }

    /// Makes STS refuse.
    pub(super) fn no_account(&self) {
        self.shared.change(|state| state.accountless = true);
    }

    pub(super) fn wait_for_search(&self) {
        self.shared.wait("a call of STS", |state| state.asked.then_some(()));
    }

    pub(super) fn connections(&self) -> usize {
        self.shared.state.lock().unwrap().connections
    }

    /// The status and the documents of every call so far.
    pub(super) fn calls(&self) -> Vec<(u16, Vec<String>)> {
        self.shared.state.lock().unwrap().calls.clone()
    }

    pub(super) fn wait_for_calls(&self, calls: usize) {
        self.shared.wait("calls", |state| (state.calls.len() >= calls).then_some(()));
    }

    /// The documents taken, once there are as many.
    pub(super) fn taken(&self, documents: usize) -> Vec<String> {
        self.shared.wait("documents", |state| {
            let taken = state.calls.iter().filter(|(status, _)| *status == 200);
            let taken: Vec<_> = taken.flat_map(|(_, documents)| documents.clone()).collect();
            (taken.len() >= documents).then_some(taken)
        })
    }
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    fn wait<T>(&self, what: &str, mut ask: impl FnMut(&State) -> Option<T>) -> T {
        let mut found = None;
        let asked =
            self.changed.wait_timeout_while(self.state.lock().unwrap(), DEADLINE, |state| {
                found = ask(state);
                found.is_none()
            });
        drop(asked.unwrap());
        found.unwrap_or_else(|| panic!("waited in vain for {what}"))
    }

    /// Answers the requests of one connection.
    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        loop {
            let (path, body) = read(&mut reader)?;
            let answer = match path.as_str() {
                "/TraceSegments" => self.segments(&body),
                "/" => self.account(),
                "/GetSamplingRules" | "/SamplingTargets" => self.sampling(path, &body),
                _ => Answer::error(404, "NotFound"),
            };
            match answer {
                Answer::Status(status, headers, body) => write!(
                    reader.get_mut(),
                    "HTTP/1.1 {status} Any\r\n{headers}Content-Length: {}\r\n\r\n{body}",
                    body.len()
                )
                .ok()?,
                // Until the caller gives up.
                Answer::Hang => drop(reader.read(&mut [0])),
                Answer::Cut => return None,
            }
        }
    }

    fn segments(&self, body: &[u8]) -> Answer {
        let segments: Segments = serde_json::from_slice(body).unwrap();
        let documents = segments.trace_segment_documents;
        let mut state = self.state.lock().unwrap();
        let poisoned = state.poison.as_ref().is_some_and(|poison| {
            documents.iter().any(|document| document.contains(poison.as_str()))
        });
        let answer = if poisoned {
            Answer::error(400, "InvalidRequestException")
        } else {
            let scripted = state.script.pop_front().or_else(|| state.last.clone());
            scripted.unwrap_or_else(Answer::taken)
        };
        let status = if let Answer::Status(status, ..) = &answer { *status } else { 0 };
        state.calls.push((status, documents));
        drop(state);
        self.changed.notify_all();
        answer
    }

    fn sampling(&self, path: String, body: &[u8]) -> Answer {
        let mut state = self.state.lock().unwrap();
        state.sampling.push((path, String::from_utf8(body.to_vec()).unwrap()));
        state.sampling_answer.clone().unwrap_or_else(|| Answer::error(404, "NotFound"))
    }

    fn account(&self) -> Answer {
        self.change(|state| state.asked = true);
        self.wait("leave to answer", |state| (!state.held).then_some(()));
        if self.state.lock().unwrap().accountless {
            return Answer::Status(403, "", "<ErrorResponse/>".to_owned());
        }
        Answer::Status(200, "Content-Type: text/xml\r\n", ACCOUNT.to_owned())
    }
}

/// The path and the body of the next request.
fn read(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&length| length > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|&length| length > 0)?;
        let (name, value) = match header.trim_end() {
            "" => break,
            header => header.split_once(':')?,
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, body))
}
