use std::{
    fmt::Display,
    net::{IpAddr, SocketAddr},
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use http_body::Body;
use tower_service::Service;
use xray_core::{
    Entity, Recorder,
    header::{HEADER_NAME, TRACEPARENT, TRACESTATE, joined, only},
    http::{Exchange, RequestHead, ServerPolicy, recording_panics},
};

use super::{ResponseBody, ResponseFuture};

/// Records a segment for each request of the service it wraps. Made by
/// [`XRayLayer`](crate::XRayLayer).
///
/// The client's address is taken from axum's `ConnectInfo<SocketAddr>`, or from a [`SocketAddr`]
/// among the request's extensions.
#[derive(Clone, Debug)]
pub struct XRayMiddleware<S> {
    inner: S,
    recorder: Option<Recorder>,
    policy: ServerPolicy,
}

impl<S> XRayMiddleware<S> {
    pub(super) fn new(inner: S, recorder: Option<Recorder>, policy: ServerPolicy) -> Self {
        Self { inner, recorder, policy }
    }

    fn begin<B>(&self, request: &Request<B>) -> Option<Exchange> {
        let recorder = match &self.recorder {
            Some(recorder) => recorder,
            None => &Recorder::installed()?,
        };
        if let Some(segment) = Exchange::enclosing(recorder) {
            // The layer around a router cannot know the route, the one inside can.
            note_route(request, &segment);
            return None;
        }
        let headers = request.headers();
        let uri = request.uri();
        let all = |name| headers.get_all(name).into_iter().map(HeaderValue::as_bytes);
        let tracestate = joined(all(TRACESTATE));
        let head = RequestHead {
            method: request.method().as_str(),
            host: text(headers, header::HOST).or_else(|| uri.authority().map(|it| it.as_str())),
            path: uri.path(),
            scheme: uri.scheme_str().unwrap_or("http"),
            user_agent: text(headers, header::USER_AGENT),
            forwarded_for: text(headers, HeaderName::from_static("x-forwarded-for")),
            forwarded_proto: text(headers, HeaderName::from_static("x-forwarded-proto")),
            peer: peer(request),
            trace_header: headers.get(HEADER_NAME).map(HeaderValue::as_bytes),
            traceparent: only(all(TRACEPARENT)),
            tracestate: tracestate.as_deref(),
        };
        let exchange = Exchange::begin(recorder, &self.policy, &head)?;
        note_route(request, exchange.entity());
        Some(exchange)
    }
}

impl<S, B, R> Service<Request<B>> for XRayMiddleware<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Display + 'static,
    R: Body,
    R::Error: Display + 'static,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(exchange) = self.begin(&request) else {
            return ResponseFuture::passing(self.inner.call(request));
        };
        let entity = exchange.entity().clone();
        let mut exchange = Some(exchange);
        let future = {
            let _entered = entity.enter();
            recording_panics(&mut exchange, || self.inner.call(request))
        };
        ResponseFuture::recorded(entity.scope(future), exchange)
    }
}

fn note_route<B>(request: &Request<B>, segment: &Entity) {
    #[cfg(feature = "axum")]
    if let Some(route) = request.extensions().get::<axum::extract::MatchedPath>() {
        segment.annotate(xray_core::http::ROUTE, route.as_str());
    }
    #[cfg(not(feature = "axum"))]
    let _ = (request, segment);
}

/// A header's value, where it is text.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn peer<B>(request: &Request<B>) -> Option<IpAddr> {
    #[cfg(feature = "axum")]
    if let Some(peer) = request.extensions().get::<axum::extract::ConnectInfo<SocketAddr>>() {
        return Some(peer.0.ip());
    }
    request.extensions().get::<SocketAddr>().map(SocketAddr::ip)
}
