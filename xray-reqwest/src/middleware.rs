use std::{future::poll_fn, mem, pin::pin};

use async_trait::async_trait;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, header};
use reqwest::{Body, Request, Response, ResponseBuilderExt as _};
use reqwest_middleware::{Middleware, Next, Result};
use xray_core::http::{Call, CallHead, ClientPolicy, IgnoredCalls, ResponseHead};

use crate::{body::ResponseBody, error::fail};

/// A middleware that records each call as a subsegment of what is current, and carries the trace on.
/// Outside of a segment, calls go through untouched, and an error is logged for each, as
/// `AWS_XRAY_CONTEXT_MISSING` says: `LOG_ERROR` by default, `IGNORE_ERROR` for none.
///
/// ```
/// use reqwest_middleware::ClientBuilder;
/// use xray_reqwest::{IgnoredCalls, XRayMiddleware};
///
/// let xray = XRayMiddleware::new()
///     .traced_hosts(["*.shop.internal"])
///     .ignore(IgnoredCalls::new().urls(["/health"]));
/// let client = ClientBuilder::new(reqwest::Client::new()).with(xray).build();
/// # let _ = client;
/// ```
#[derive(Clone, Debug, Default)]
pub struct XRayMiddleware {
    policy: ClientPolicy,
}

impl XRayMiddleware {
    /// A middleware that names subsegments after the host and ends them at the response's head.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names each subsegment `name` in place of the host.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.policy = self.policy.name(name);
        self
    }

    /// Leaves these calls alone too, beside the sampling calls of X-Ray itself: no subsegment, and no
    /// header that carries the trace on.
    #[must_use]
    pub fn ignore(mut self, calls: IgnoredCalls) -> Self {
        self.policy = self.policy.ignore(calls);
        self
    }

    /// Says that every service that is called sends segments of its own, so that X-Ray waits for them in
    /// place of drawing a guess.
    #[must_use]
    pub fn traced(mut self) -> Self {
        self.policy = self.policy.traced();
        self
    }

    /// As [`traced`](Self::traced), for the hosts, without port, that match one of these patterns
    /// (`*` any run, `?` one character).
    #[must_use]
    pub fn traced_hosts<P: Into<String>>(mut self, hosts: impl IntoIterator<Item = P>) -> Self {
        self.policy = self.policy.traced_hosts(hosts);
        self
    }

    /// Ends each subsegment where the response's body ends, or is dropped, in place of its head. An
    /// event stream and an upgraded connection still end theirs at the head.
    #[must_use]
    pub fn until_body_end(mut self) -> Self {
        self.policy = self.policy.until_body_end();
        self
    }

    fn begin(&self, request: &mut Request) -> Option<Call> {
        let url = request.url();
        let head = CallHead {
            method: request.method().as_str(),
            scheme: url.scheme(),
            authority: Some(url.authority()),
            path: url.path(),
        };
        let call = Call::begin(&self.policy, &head)?;
        call.inject(|name, value| set(request.headers_mut(), name, value))
    }
}

#[async_trait]
impl Middleware for XRayMiddleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let mut call = self.begin(&mut request);
        let Some(entity) = call.as_ref().and_then(Call::entity).cloned() else {
            return next.run(request, extensions).await;
        };
        let mut work = pin!(entity.scope(next.run(request, extensions)));
        let answered =
            poll_fn(|cx| Call::recording_panics(&mut call, || work.as_mut().poll(cx))).await;
        let Some(mut call) = call else { return answered };
        match answered {
            Ok(response) => Ok(respond(response, call)),
            Err(error) => {
                fail(&mut call, &error);
                Err(error)
            }
        }
    }
}

/// Replaces a header, or takes it away; also where a caller's fields, which are passed on, are no header's
/// value.
fn set(headers: &mut HeaderMap, name: &'static str, value: Option<&str>) {
    let name = HeaderName::from_static(name);
    match value.and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
        Some(value) => drop(headers.insert(name, value)),
        None => drop(headers.remove(name)),
    }
}

fn respond(response: Response, mut call: Call) -> Response {
    let text = |name| response.headers().get(name)?.to_str().ok();
    call.url(response.url().as_str());
    call.respond(&ResponseHead {
        status: response.status().as_u16(),
        content_length: text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()),
        content_type: text(header::CONTENT_TYPE),
        body_ended: false,
        grpc: None,
    });
    // The body is only looked at where somebody waits for its end.
    if call.entity().is_some() { watched(response, call) } else { response }
}

/// The same response, with a body that tells the call of its end.
fn watched(response: Response, call: Call) -> Response {
    let mut url = http::Response::builder().url(response.url().clone());
    let mut response =
        http::Response::from(response).map(|body| Body::wrap(ResponseBody::new(body, call)));
    // reqwest keeps the URL apart, and takes it back from here.
    if let Some(url) = url.extensions_mut() {
        response.extensions_mut().extend(mem::take(url));
    }
    Response::from(response)
}
