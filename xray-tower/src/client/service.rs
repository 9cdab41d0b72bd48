use std::{
    fmt::Display,
    marker::PhantomData,
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use http_body::Body;
use tower_service::Service;
use xray_core::http::{Call, CallHead, ClientPolicy, grpc};

use crate::bytes;

use super::{ErrorKind, PlainErrors, ResponseBody, ResponseFuture};

/// Records a subsegment for each call of the client it wraps. Made by
/// [`XRayClientLayer`](crate::XRayClientLayer).
#[derive(Clone, Debug)]
pub struct XRayClientMiddleware<S, K = PlainErrors> {
    inner: S,
    policy: ClientPolicy,
    kind: PhantomData<fn() -> K>,
}

impl<S, K> XRayClientMiddleware<S, K> {
    pub(super) fn new(inner: S, policy: ClientPolicy) -> Self {
        Self { inner, policy, kind: PhantomData }
    }

    fn begin<B>(&self, request: &mut Request<B>) -> Option<Call> {
        let uri = request.uri();
        let host = || request.headers().get(header::HOST)?.to_str().ok();
        let head = CallHead {
            method: request.method().as_str(),
            scheme: uri.scheme_str().unwrap_or_default(),
            authority: uri.authority().map(|it| it.as_str()).or_else(host),
            path: uri.path(),
        };
        let call = Call::begin_with(&self.policy, &head, || {
            bytes(request.headers(), header::CONTENT_TYPE).is_some_and(grpc::is_grpc)
        })?;
        call.inject(|name, value| set(request.headers_mut(), name, value))
    }
}

impl<S, K, B, R> Service<Request<B>> for XRayClientMiddleware<S, K>
where
    S: Service<Request<B>, Response = Response<R>>,
    K: ErrorKind<S::Error>,
    R: Body,
    R::Error: Display + 'static,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, K>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let mut call = self.begin(&mut request);
        let Some(entity) = call.as_ref().and_then(Call::entity).cloned() else {
            return ResponseFuture::passing(self.inner.call(request));
        };
        let future = {
            let _entered = entity.enter();
            Call::recording_panics(&mut call, || self.inner.call(request))
        };
        ResponseFuture::recorded(entity.scope(future), call)
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
