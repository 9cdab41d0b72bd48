use tower_layer::Layer;
use xray_core::{
    Recorder,
    http::{AccessLog, Incoming, ServerPolicy},
};

use super::XRayMiddleware;

/// Wraps a service so that each request is a segment.
///
/// ```
/// use xray_tower::{Incoming, XRayLayer};
///
/// let layer = XRayLayer::new().incoming(Incoming::RootOnly).ignore(["/health"]);
/// # let _ = layer;
/// ```
#[derive(Clone, Debug, Default)]
pub struct XRayLayer {
    recorder: Option<Recorder>,
    policy: ServerPolicy,
}

impl XRayLayer {
    /// A layer for the recorder that is [installed](Recorder::install) when a request comes; with
    /// none, requests pass through untouched.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A layer for this recorder.
    #[must_use]
    pub fn with(recorder: Recorder) -> Self {
        Self { recorder: Some(recorder), policy: ServerPolicy::new() }
    }

    /// Names each segment `name` in place of the recorder's service.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.policy = self.policy.name(name);
        self
    }

    /// Names each segment after the request's host, without port, where that matches `pattern` (`*`
    /// any run, `?` one character); after the recorder's service where it does not.
    #[must_use]
    pub fn name_by_host(mut self, pattern: &str) -> Self {
        self.policy = self.policy.name_by_host(pattern);
        self
    }

    /// How much of a caller's header is believed. An edge service takes [`Incoming::RootOnly`], so that
    /// a stranger cannot force recording.
    #[must_use]
    pub fn incoming(mut self, incoming: Incoming) -> Self {
        self.policy = self.policy.incoming(incoming);
        self
    }

    /// Believes no more than `limit` callers a second that demand recording; the sampling rules decide
    /// on the others.
    #[must_use]
    pub fn forced_per_second(mut self, limit: u32) -> Self {
        self.policy = self.policy.forced_per_second(limit);
        self
    }

    /// Paths that are not recorded, as patterns such as `/health` and `/assets/*`. They touch no
    /// sampling rule and no counter.
    #[must_use]
    pub fn ignore<P: Into<String>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.policy = self.policy.ignore(paths);
        self
    }

    /// Takes the scheme of recorded URLs from `X-Forwarded-Proto`: for services behind a proxy that
    /// ends TLS and sets this header itself.
    #[must_use]
    pub fn trust_forwarded_proto(mut self) -> Self {
        self.policy = self.policy.trust_forwarded_proto();
        self
    }

    /// Writes a line for each response: also of paths that are ignored, of requests that are not sampled, and
    /// where there is no recorder.
    ///
    /// ```
    /// use xray_tower::{AccessLog, XRayLayer};
    ///
    /// let xray = XRayLayer::new().access_log(AccessLog::json());
    /// # let _ = xray;
    /// ```
    #[must_use]
    pub fn access_log(mut self, log: AccessLog) -> Self {
        self.policy = self.policy.access_log(log);
        self
    }
}

impl<S> Layer<S> for XRayLayer {
    type Service = XRayMiddleware<S>;

    fn layer(&self, inner: S) -> XRayMiddleware<S> {
        XRayMiddleware::new(inner, self.recorder.clone(), self.policy.clone())
    }
}
