use std::marker::PhantomData;

use tower_layer::Layer;
use xray_core::http::{ClientPolicy, IgnoredCalls};

use super::{BoxedErrors, PlainErrors, XRayClientMiddleware};

/// Wraps a client so that each call is a subsegment of what is current, and carries the trace on.
///
/// ```
/// use tower_layer::Layer;
/// use xray_tower::{IgnoredCalls, XRayClientLayer};
///
/// # fn client() {}
/// let layer = XRayClientLayer::new()
///     .traced_hosts(["*.shop.internal"])
///     .ignore(IgnoredCalls::new().urls(["/health"]));
/// let client = layer.layer(client());
/// # let _ = client;
/// ```
///
/// Stands best right around the client: then each hop of a redirect and each try is a subsegment of
/// its own. Around a layer that tries again, it records one for all tries together.
///
/// `K` is how errors are read, see [`boxed_errors`](Self::boxed_errors).
#[derive(Clone, Debug)]
pub struct XRayClientLayer<K = PlainErrors> {
    policy: ClientPolicy,
    kind: PhantomData<fn() -> K>,
}

impl XRayClientLayer {
    /// A layer for a client whose errors implement [`Error`](std::error::Error). Outside of a segment,
    /// calls go through untouched, and an error is logged for each, as `AWS_XRAY_CONTEXT_MISSING` says:
    /// `LOG_ERROR` by default, `IGNORE_ERROR` for none.
    #[must_use]
    pub fn new() -> Self {
        Self { policy: ClientPolicy::new(), kind: PhantomData }
    }

    /// For a client whose errors are `Box<dyn Error + Send + Sync>`, as most layers of tower make them:
    /// `Timeout` and `Buffer`, for two.
    #[must_use]
    pub fn boxed_errors(self) -> XRayClientLayer<BoxedErrors> {
        XRayClientLayer { policy: self.policy, kind: PhantomData }
    }
}

impl<K> XRayClientLayer<K> {
    /// Names each subsegment `name` in place of the host.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.policy = self.policy.name(name);
        self
    }

    /// Host and port of requests that do not say where they go, as those of a tonic client that is made with
    /// `new` and not with `with_origin`: there the channel alone knows.
    #[must_use]
    pub fn authority(mut self, authority: &str) -> Self {
        self.policy = self.policy.authority(authority);
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

    /// Ends each subsegment where the response's body ends, or is dropped, in place of its head. That of a
    /// gRPC call ends there anyway, since only its trailers say what it came to. An event stream and an upgraded connection still end theirs at the head.
    #[must_use]
    pub fn until_body_end(mut self) -> Self {
        self.policy = self.policy.until_body_end();
        self
    }
}

impl Default for XRayClientLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S, K> Layer<S> for XRayClientLayer<K> {
    type Service = XRayClientMiddleware<S, K>;

    fn layer(&self, inner: S) -> XRayClientMiddleware<S, K> {
        XRayClientMiddleware::new(inner, self.policy.clone())
    }
}
