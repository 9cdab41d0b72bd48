use std::rc::Rc;

use actix_http::RequestHeadType;
use actix_web::{
    dev::{RequestHead, Service, forward_ready},
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
};
use awc::{ConnectRequest, ConnectResponse, error::SendRequestError};
use xray_core::http::{Call, CallHead, ClientPolicy};

use super::ResponseFuture;

/// Records a subsegment for each call of the client it wraps. Made by
/// [`XRayClientMiddleware`](super::XRayClientMiddleware).
#[derive(Clone, Debug)]
pub struct XRayClientService<S> {
    inner: S,
    policy: ClientPolicy,
}

impl<S> XRayClientService<S> {
    pub(super) fn new(inner: S, policy: ClientPolicy) -> Self {
        Self { inner, policy }
    }

    fn begin(&self, request: &mut ConnectRequest) -> Option<Call> {
        let head = match request {
            ConnectRequest::Client(head, ..) => (*head).as_ref(),
            ConnectRequest::Tunnel(head, _) => head,
        };
        let host = || head.headers.get(header::HOST)?.to_str().ok();
        let call = CallHead {
            method: head.method.as_str(),
            scheme: head.uri.scheme_str().unwrap_or_default(),
            authority: head.uri.authority().map(|it| it.as_str()).or_else(host),
            path: head.uri.path(),
        };
        let call = Call::begin(&self.policy, &call)?;
        let head = own_head(request);
        call.inject(|name, value| set(&mut head.headers, name, value))
    }
}

impl<S> Service<ConnectRequest> for XRayClientService<S>
where
    S: Service<ConnectRequest, Response = ConnectResponse, Error = SendRequestError>,
{
    type Response = ConnectResponse;
    type Error = SendRequestError;
    type Future = ResponseFuture<S::Future>;

    forward_ready!(inner);

    fn call(&self, mut request: ConnectRequest) -> Self::Future {
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

/// The head of this request alone; one that is frozen is shared by all that are sent of it.
fn own_head(request: &mut ConnectRequest) -> &mut RequestHead {
    let (shared, extra) = match request {
        ConnectRequest::Tunnel(head, _)
        | ConnectRequest::Client(RequestHeadType::Owned(head), ..) => return head,
        ConnectRequest::Client(RequestHeadType::Rc(shared, extra), ..) => (shared, extra),
    };
    let own = Rc::make_mut(shared);
    // As awc sends them: these replace those of the same name.
    let extra = extra.take().unwrap_or_default();
    for name in extra.keys() {
        own.headers.remove(name);
    }
    for (name, value) in extra {
        own.headers.append(name, value);
    }
    own
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
