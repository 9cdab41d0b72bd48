use tower_layer::Layer;
use xray_core::{
    Recorder,
    http::{Incoming, ServerPolicy},
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

impl<S> Layer<S> for XRayLayer {
    type Service = XRayMiddleware<S>;

    fn layer(&self, inner: S) -> XRayMiddleware<S> {
        XRayMiddleware::new(inner, self.recorder.clone(), self.policy.clone())
    }
}
