use std::net::SocketAddr;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{Service, ServiceRequest, ServiceResponse, forward_ready},
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
};
use xray_core::{
    Recorder,
    header::{joined, only},
    http::{Exchange, ROUTE, RequestHead, ServerPolicy, recording_panics},
};

use super::{ResponseBody, ResponseFuture, TRACE_HEADER, TRACE_PARENT, TRACE_STATE};

/// Records a segment for each request of the service it wraps. Made by
/// [`XRayMiddleware`](crate::XRayMiddleware).
#[derive(Clone, Debug)]
pub struct XRayService<S> {
    inner: S,
    recorder: Option<Recorder>,
    policy: ServerPolicy,
}

impl<S> XRayService<S> {
    pub(super) fn new(inner: S, recorder: Option<Recorder>, policy: ServerPolicy) -> Self {
        Self { inner, recorder, policy }
    }

    fn begin(&self, request: &ServiceRequest) -> Option<Exchange> {
        let installed;
        let mut recorder = self.recorder.as_ref();
        if recorder.is_none() {
            installed = Recorder::installed_or_told();
            recorder = installed.as_ref();
        }
        recorder = recorder.filter(|recorder| Exchange::enclosing(recorder).is_none());
        if recorder.is_none() && !self.policy.has_access_log() {
            return None;
        }
        let headers = request.headers();
        let uri = request.uri();
        let all = |name| headers.get_all(name).map(HeaderValue::as_bytes);
        let traceparent = only(all(&TRACE_PARENT));
        // It says nothing by itself.
        let tracestate = traceparent.and_then(|_| joined(all(&TRACE_STATE)));
        let head = RequestHead {
            method: request.method().as_str(),
            // Not of `connection_info()`, which believes what any client says in `Forwarded`.
            host: text(headers, &header::HOST).or_else(|| uri.authority().map(|it| it.as_str())),
            path: uri.path(),
            trace_header: headers.get(&TRACE_HEADER).map(HeaderValue::as_bytes),
            traceparent,
            tracestate: tracestate.as_deref(),
            ..RequestHead::default()
        };
        Exchange::begin_with(recorder, &self.policy, &head, |head| {
            head.query = uri.query();
            head.scheme = if request.app_config().secure() { "https" } else { "http" };
            head.user_agent = text(headers, &header::USER_AGENT);
            head.forwarded_for = text(headers, &header::X_FORWARDED_FOR);
            head.forwarded_proto = text(headers, &header::X_FORWARDED_PROTO);
            head.peer = request.peer_addr().as_ref().map(SocketAddr::ip);
        })
    }
}

impl<S, B> Service<ServiceRequest> for XRayService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<ResponseBody<B>>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let Some(exchange) = self.begin(&request) else {
            return ResponseFuture::passing(self.inner.call(request));
        };
        let entity = exchange.entity().clone();
        // The path alone says it already, so that a panic and a client that leaves have it as well.
        let route = exchange.segment().is_sampled().then(|| request.match_pattern()).flatten();
        if let Some(route) = &route {
            exchange.segment().annotate(ROUTE, route.as_str());
        }
        let mut exchange = Some(exchange);
        let future = {
            let _entered = entity.enter();
            recording_panics(&mut exchange, || self.inner.call(request))
        };
        ResponseFuture::recorded(entity.scope(future), exchange, route)
    }
}

/// A header's value, where it is text.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
