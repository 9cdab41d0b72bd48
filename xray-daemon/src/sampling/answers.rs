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
    pub(crate) problem: Mutex<Option<String>>,
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
                self.passed.answered.fetch_add(1, Ordering::Relaxed);
                respond(status, body)
            }
            Err(problem) => {
                self.passed.failed.fetch_add(1, Ordering::Relaxed);
                let answer = message(StatusCode::BAD_GATEWAY, &problem);
                *self.passed.problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
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
