//! One request, from its first line to its answer.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use super::fields::Wrong;
use super::gate::{Gate, Refusal};
use super::rules::SamplingRules;
use super::service::Service;
use super::upstream::{Operation, Upstream};
use crate::error::Error;

/// A sampling report of an SDK is a few kilobytes.
const MAX_BODY: usize = 1 << 20;
/// Less than a connection may last, so that there is an answer.
const UPSTREAM_TIME: Duration = Duration::from_secs(8);
/// What the page shows of a refusal, in characters.
const MAX_REASON: usize = 200;

/// Where somebody who answers in our place may appear at any time.
pub(crate) type UpstreamPlace = Arc<OnceLock<Arc<dyn Upstream>>>;

/// Everybody who has a say in an answer.
#[derive(Debug)]
pub(crate) struct Answers {
    pub(crate) own: Service,
    pub(crate) upstream: UpstreamPlace,
    pub(crate) passed: Passed,
    pub(crate) gate: Gate,
    /// Grows with every request, and with the file of the rules.
    pub(crate) activity: AtomicU64,
}

/// What became of the calls that were passed on.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    pub(crate) answered: AtomicU64,
    pub(crate) failed: AtomicU64,
    /// Why the last one failed; `None` if it did not.
    pub(crate) problem: Mutex<Option<String>>,
}

impl Passed {
    fn settle(&self, problem: Option<String>) {
        let counter = if problem.is_some() { &self.failed } else { &self.answered };
        counter.fetch_add(1, Ordering::Relaxed);
        let before = {
            let mut known = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *known, problem.clone())
        };
        match (before, problem) {
            (None, Some(problem)) => log::warn!(
                "sampling calls cannot be passed on to X-Ray: {problem}. Further failures are only counted."
            ),
            (Some(_), None) => log::info!("X-Ray answers sampling calls again"),
            _ => {}
        }
    }
}

impl Answers {
    pub(crate) fn new(own: Service, upstream: UpstreamPlace, loopback: bool) -> Self {
        let (passed, gate) = (Passed::default(), Gate::new(loopback));
        Self { own, upstream, passed, gate, activity: AtomicU64::new(0) }
    }

    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        let asked = self.gate.check(&head.uri, &head.headers).and_then(|()| {
            match (head.uri.path(), head.method == Method::POST) {
                ("/GetSamplingRules", true) => Ok(Operation::Rules),
                ("/SamplingTargets", true) => Ok(Operation::Targets),
                ("/GetSamplingRules" | "/SamplingTargets", false) => Err(Refusal::Method),
                _ => Err(Refusal::Path),
            }
        });
        // Read whole, so that the client does not see a reset instead of the answer.
        let answer = match (asked, read(body).await) {
            (Err(refusal), Ok(_)) | (_, Err(refusal)) => self.refuse(refusal, refusal.as_str()),
            (Ok(operation), Ok(body)) => match self.upstream.get() {
                Some(upstream) => self.pass(upstream.as_ref(), operation, body).await,
                None => match self.own.answer(operation, &body) {
                    Ok(body) => respond(StatusCode::OK, body),
                    Err(wrong) => self.invalid(&wrong),
                },
            },
        };
        self.activity.fetch_add(1, Ordering::Relaxed);
        Ok(answer)
    }

    /// Takes what the file of the rules holds now.
    pub(crate) fn reload(&self, read: Result<SamplingRules, Error>) {
        self.own.reload(read);
        self.activity.fetch_add(1, Ordering::Relaxed);
    }

    async fn pass(
        &self,
        upstream: &dyn Upstream,
        operation: Operation,
        body: Bytes,
    ) -> Response<Full<Bytes>> {
        let called = tokio::time::timeout(UPSTREAM_TIME, upstream.call(operation, body)).await;
        let late = || Err(format!("no answer within {} seconds", UPSTREAM_TIME.as_secs()));
        match called.unwrap_or_else(|_| late()) {
            Ok((status, body)) => {
                self.passed.settle((!status.is_success()).then(|| reason(status, &body)));
                respond(status, body)
            }
            Err(problem) => {
                let answer = message(StatusCode::BAD_GATEWAY, &problem);
                self.passed.settle(Some(problem));
                answer
            }
        }
    }

    fn invalid(&self, wrong: &Wrong) -> Response<Full<Bytes>> {
        let mut answer = self.refuse(Refusal::Invalid, &wrong.to_string());
        let error = HeaderValue::from_static("InvalidRequestException");
        answer.headers_mut().insert("x-amzn-errortype", error);
        answer
    }

    fn refuse(&self, refusal: Refusal, text: &str) -> Response<Full<Bytes>> {
        self.gate.count(refusal);
        let mut answer = message(refusal.status(), text);
        if refusal == Refusal::Method {
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        }
        answer
    }
}

/// What X-Ray says of a call that it refuses.
fn reason(status: StatusCode, body: &[u8]) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| body.get(key).and_then(serde_json::Value::as_str);
    let said = [text("__type"), text("message").or(text("Message"))];
    let said: Vec<_> = said.into_iter().flatten().collect();
    let said: String =
        said.join(": ").chars().filter(|c| !c.is_control()).take(MAX_REASON).collect();
    if said.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}, {said}") }
}

async fn read(body: Incoming) -> Result<Bytes, Refusal> {
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(Refusal::TooLarge);
    }
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge),
        Err(_) => Err(Refusal::Invalid),
    }
}

fn message(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    respond(status, serde_json::json!({ "message": text }).to_string().into())
}

fn respond(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};

    use super::super::upstream::Answering;
    use super::super::{Origin, Pace, SamplingServer};
    use super::*;
    use xray_console::SamplingService as _;

    /// Answers with what it was asked, and fails when it is told to.
    #[derive(Debug)]
    struct Echo;

    impl Upstream for Echo {
        fn call(&self, operation: Operation, body: Bytes) -> Answering<'_> {
            Box::pin(async move {
                if body.starts_with(b"fail") {
                    return Err("no credentials \"here\"".to_owned());
                }
                if body.starts_with(b"refuse") {
                    let text = r#"{"__type": "AccessDenied", "message": "no\nleave"}"#;
                    return Ok((StatusCode::FORBIDDEN, text.into()));
                }
                let answer = format!("{operation:?} {}", String::from_utf8_lossy(&body));
                Ok((StatusCode::OK, answer.into()))
            })
        }
    }

    fn ask(address: SocketAddr, path: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(address).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.lines().next().unwrap().to_owned(), body.to_owned())
    }

    #[test]
    fn whoever_answers_upstream_may_appear_later() {
        let place = UpstreamPlace::default();
        let own = Service::new(SamplingRules::default(), Origin::BuiltIn, Pace::default());
        let answers = Arc::new(Answers::new(own, Arc::clone(&place), true));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let _server = SamplingServer::start(listener, Arc::clone(&answers), None).unwrap();

        let (status, body) = ask(address, "/GetSamplingRules", "{}");
        assert_eq!(status, "HTTP/1.1 200 OK");
        assert!(body.contains("\"Default\""), "{body}");

        place.set(Arc::new(Echo)).unwrap();
        // Byte for byte, also what we would refuse.
        let (status, body) = ask(address, "/GetSamplingRules", " {\"NextToken\": \"x\"}");
        assert_eq!(status, "HTTP/1.1 200 OK");
        assert_eq!(body, "Rules  {\"NextToken\": \"x\"}");
        assert_eq!(ask(address, "/SamplingTargets", "{}").1, "Targets {}");
        assert_eq!(ask(address, "/TraceSegments", "{}").0, "HTTP/1.1 404 Not Found");
        let failed = ask(address, "/SamplingTargets", "fail");
        let text = "{\"message\":\"no credentials \\\"here\\\"\"}".to_owned();
        assert_eq!(failed, ("HTTP/1.1 502 Bad Gateway".to_owned(), text));

        let shown = answers.sampling();
        assert_eq!((shown.passed_on, shown.passed_in_vain, shown.rules_calls), (2, 1, 1));
        assert_eq!(shown.source, xray_console::SamplingSource::Upstream);
        assert_eq!(shown.passed_problem.as_deref(), Some("no credentials \"here\""));
        assert_eq!(answers.activity(), 5);

        // A refusal reaches the client as it is, and is no answer that one could be content with.
        let refused = ask(address, "/GetSamplingRules", "refuse").0;
        assert_eq!(refused, "HTTP/1.1 403 Forbidden");
        let shown = answers.sampling();
        assert_eq!((shown.passed_on, shown.passed_in_vain), (2, 2));
        let problem = shown.passed_problem.unwrap();
        assert_eq!(problem, "HTTP 403 Forbidden, AccessDenied: noleave");
        ask(address, "/GetSamplingRules", "{}");
        assert_eq!(answers.sampling().passed_problem, None);
    }
}
