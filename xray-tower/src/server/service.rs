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
    header::{TRACEPARENT, TRACESTATE, joined, only},
    http::{Exchange, RequestHead, ServerPolicy, grpc, recording_panics},
};

use crate::bytes;

use super::{ResponseBody, ResponseFuture, TRACE_HEADER};

// Names of text would be looked through for each request.
static TRACE_PARENT: HeaderName = HeaderName::from_static(TRACEPARENT);
static TRACE_STATE: HeaderName = HeaderName::from_static(TRACESTATE);
static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Records a segment for each request of the service it wraps. Made by
/// [`XRayLayer`](crate::XRayLayer).
///
/// The client's address is taken from axum's `ConnectInfo<SocketAddr>`, from what tonic's server keeps (with
/// the feature `tonic`), or from a [`SocketAddr`] among the request's extensions.
#[derive(Clone, Debug)]
pub struct XRayMiddleware<S> {
    inner: S,
    recorder: Option<Recorder>,
    policy: ServerPolicy,
}

/// Who begins what a request is recorded as.
#[derive(Clone, Copy)]
enum By<'a> {
    /// A segment; with none, only an access log may tell of the request.
    Recorder(Option<&'a Recorder>),
    /// A subsegment of what a function does.
    Function(&'a Entity),
}

impl<S> XRayMiddleware<S> {
    pub(super) fn new(inner: S, recorder: Option<Recorder>, policy: ServerPolicy) -> Self {
        Self { inner, recorder, policy }
    }

    fn begin<B>(&self, request: &Request<B>) -> Option<Exchange> {
        let installed;
        let mut recorder = self.recorder.as_ref();
        if recorder.is_none() {
            installed = Recorder::installed();
            recorder = installed.as_ref();
        }
        if let Some(enclosing) = recorder.and_then(Exchange::enclosing) {
            return self.begin_inside(request, &enclosing);
        }
        if recorder.is_none() && !self.policy.has_access_log() {
            return None;
        }
        self.begin_by(By::Recorder(recorder), request)
    }

    /// As [`begin`](Self::begin), for a request that an outer layer has seen, or that a function serves.
    #[cold]
    fn begin_inside<B>(&self, request: &Request<B>, enclosing: &Entity) -> Option<Exchange> {
        if enclosing.awaits_request() {
            return self.begin_by(By::Function(enclosing), request);
        }
        // The layer around a router cannot know the route, the one inside can.
        note_route(request, enclosing);
        self.policy.has_access_log().then(|| self.begin_by(By::Recorder(None), request))?
    }

    // In line, so that whoever begins it costs nothing here.
    #[inline(always)]
    fn begin_by<B>(&self, by: By<'_>, request: &Request<B>) -> Option<Exchange> {
        let headers = request.headers();
        let uri = request.uri();
        let all = |name| headers.get_all(name).into_iter().map(HeaderValue::as_bytes);
        let traceparent = only(all(&TRACE_PARENT));
        // It says nothing by itself.
        let tracestate = traceparent.and_then(|_| joined(all(&TRACE_STATE)));
        let head = RequestHead {
            method: request.method().as_str(),
            host: text(headers, &header::HOST).or_else(|| uri.authority().map(|it| it.as_str())),
            path: uri.path(),
            trace_header: headers.get(&TRACE_HEADER).map(HeaderValue::as_bytes),
            traceparent,
            tracestate: tracestate.as_deref(),
            ..RequestHead::default()
        };
        let exchange = match by {
            By::Recorder(recorder) => Exchange::begin_with(recorder, &self.policy, &head, |head| {
                add_details(head, request);
            }),
            By::Function(function) => {
                Exchange::begin_in_function(function, &self.policy, &head, |head| {
                    add_details(head, request);
                })
            }
        }?;
        note_route(request, exchange.segment());
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

/// What only a recorded request needs, or a log.
fn add_details<'a, B>(head: &mut RequestHead<'a>, request: &'a Request<B>) {
    let (headers, uri) = (request.headers(), request.uri());
    head.query = uri.query();
    head.scheme = uri.scheme_str().unwrap_or("http");
    head.user_agent = text(headers, &header::USER_AGENT);
    head.forwarded_for = text(headers, &FORWARDED_FOR);
    head.forwarded_proto = text(headers, &FORWARDED_PROTO);
    head.peer = peer(request);
    head.grpc =
        grpc::Request::of(bytes(headers, header::CONTENT_TYPE), |name| bytes(headers, name));
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
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn peer<B>(request: &Request<B>) -> Option<IpAddr> {
    #[cfg(feature = "axum")]
    if let Some(peer) = request.extensions().get::<axum::extract::ConnectInfo<SocketAddr>>() {
        return Some(peer.0.ip());
    }
    #[cfg(feature = "tonic")]
    if let Some(peer) = tonic_peer(request.extensions()) {
        return Some(peer.ip());
    }
    request.extensions().get::<SocketAddr>().map(SocketAddr::ip)
}

#[cfg(feature = "tonic")]
fn tonic_peer(extensions: &http::Extensions) -> Option<SocketAddr> {
    use tonic::transport::server::TcpConnectInfo;
    match extensions.get::<TcpConnectInfo>() {
        Some(info) => info.remote_addr(),
        // Behind TLS only tonic knows the type, and only a request of its own tells.
        None => {
            let metadata = tonic::metadata::MetadataMap::new();
            tonic::Request::from_parts(metadata, extensions.clone(), ()).remote_addr()
        }
    }
}
