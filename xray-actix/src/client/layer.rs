use actix_web::dev::Service;
use awc::{ConnectRequest, ConnectResponse, error::SendRequestError, middleware::Transform};
use xray_core::http::{ClientPolicy, IgnoredCalls};

use super::XRayClientService;

/// Wraps awc's client so that each call is a subsegment of what is current, and carries the trace on.
/// Outside of a segment, calls go through untouched, and an error is logged for each, as
/// `AWS_XRAY_CONTEXT_MISSING` says: `LOG_ERROR` by default, `IGNORE_ERROR` for none.
///
/// ```
/// use xray_actix::{IgnoredCalls, client::XRayClientMiddleware};
///
/// let xray = XRayClientMiddleware::new()
///     .traced_hosts(["*.shop.internal"])
///     .ignore(IgnoredCalls::new().urls(["/health"]));
/// let client = awc::Client::builder().wrap(xray).finish();
/// # let _ = client;
/// ```
///
/// awc follows redirects above its middlewares, so each hop is a subsegment. Its timeout stands above
/// them too: a call that takes too long is one that was given up, `Canceled`.
#[derive(Clone, Debug, Default)]
pub struct XRayClientMiddleware {
    policy: ClientPolicy,
}

impl XRayClientMiddleware {
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
}

impl<S> Transform<S, ConnectRequest> for XRayClientMiddleware
where
    S: Service<ConnectRequest, Response = ConnectResponse, Error = SendRequestError>,
{
    type Transform = XRayClientService<S>;

    fn new_transform(self, inner: S) -> XRayClientService<S> {
        XRayClientService::new(inner, self.policy)
    }
}
