use std::future::{Ready, ready};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{Service, ServiceRequest, ServiceResponse, Transform},
};
use xray_core::{
    Recorder,
    http::{Incoming, ServerPolicy},
};

use super::{ResponseBody, XRayService};

/// Wraps an app, a scope or a resource so that each request is a segment.
///
/// ```
/// use actix_web::{App, HttpServer};
/// use xray_actix::{Incoming, XRayMiddleware};
///
/// let xray = XRayMiddleware::new().incoming(Incoming::RootOnly).ignore(["/health"]);
/// let server = HttpServer::new(move || App::new().wrap(xray.clone()));
/// # let _ = server;
/// ```
///
/// actix-web makes one app per worker thread. Made once outside of that closure and cloned in it, as
/// above, the middleware of all workers is the same, so that
/// [`forced_per_second`](Self::forced_per_second) limits the whole server.
#[derive(Clone, Debug, Default)]
pub struct XRayMiddleware {
    recorder: Option<Recorder>,
    policy: ServerPolicy,
}

impl XRayMiddleware {
    /// A middleware for the recorder that is [installed](Recorder::install) when a request comes;
    /// with none, requests pass through untouched.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A middleware for this recorder.
    #[must_use]
    pub fn with(recorder: Recorder) -> Self {
        Self { recorder: Some(recorder), policy: ServerPolicy::new() }
    }

    /// As [`ServerPolicy::name`].
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.policy = self.policy.name(name);
        self
    }

    /// As [`ServerPolicy::name_by_host`].
    #[must_use]
    pub fn name_by_host(mut self, pattern: &str) -> Self {
        self.policy = self.policy.name_by_host(pattern);
        self
    }

    /// As [`ServerPolicy::incoming`].
    #[must_use]
    pub fn incoming(mut self, incoming: Incoming) -> Self {
        self.policy = self.policy.incoming(incoming);
        self
    }

    /// As [`ServerPolicy::forced_per_second`].
    #[must_use]
    pub fn forced_per_second(mut self, limit: u32) -> Self {
        self.policy = self.policy.forced_per_second(limit);
        self
    }

    /// As [`ServerPolicy::ignore`].
    #[must_use]
    pub fn ignore<P: Into<String>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.policy = self.policy.ignore(paths);
        self
    }

    /// As [`ServerPolicy::trust_forwarded_proto`].
    #[must_use]
    pub fn trust_forwarded_proto(mut self) -> Self {
        self.policy = self.policy.trust_forwarded_proto();
        self
    }
}

impl<S, B> Transform<S, ServiceRequest> for XRayMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<ResponseBody<B>>;
    type Error = Error;
    type Transform = XRayService<S>;
    type InitError = ();
    type Future = Ready<Result<XRayService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(XRayService::new(inner, self.recorder.clone(), self.policy.clone())))
    }
}
