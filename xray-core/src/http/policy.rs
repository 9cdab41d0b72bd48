use std::sync::Arc;

use super::AccessLog;
use crate::{
    Recorder,
    header::{Sampled, TraceContext},
    sample::{matches, reservoir::Reservoir},
};

/// How much of a caller's `X-Amzn-Trace-Id` is believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Incoming {
    /// All of it: trace, parent and decision. For services that only your own services call.
    #[default]
    Continue,
    /// The trace's id only: who calls can neither force nor forbid recording. For services behind a
    /// load balancer that passes strangers' headers on.
    RootOnly,
    /// Nothing: each request begins a trace of its own.
    Ignore,
}

/// How a server middleware records requests. A clone is cheap.
///
/// `XRayLayer` of `xray-tower` and `XRayMiddleware` of `xray-actix` have the same setters.
///
/// ```
/// use xray_core::http::{Incoming, ServerPolicy};
///
/// let policy = ServerPolicy::new().incoming(Incoming::RootOnly).ignore(["/health", "/assets/*"]);
/// # let _ = policy;
/// ```
#[derive(Clone, Debug, Default)]
pub struct ServerPolicy {
    name: Naming,
    incoming: Incoming,
    forced_per_second: Option<(u32, Arc<Reservoir>)>,
    ignore: Arc<[String]>,
    trust_forwarded_proto: bool,
    access_log: Option<AccessLog>,
}

#[derive(Clone, Debug, Default)]
enum Naming {
    /// The recorder's service.
    #[default]
    Service,
    Fixed(Arc<str>),
    /// The host where it matches the pattern, the recorder's service elsewhere.
    Host(Arc<str>),
}

impl ServerPolicy {
    /// Segments named after the recorder's service, callers believed, nothing ignored.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names each segment `name` in place of the recorder's service.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Naming::Fixed(name.into());
        self
    }

    /// Names each segment after the request's host, without port, where that matches `pattern`
    /// (`*` any run, `?` one character); after the recorder's service where it does not.
    #[must_use]
    pub fn name_by_host(mut self, pattern: &str) -> Self {
        self.name = Naming::Host(pattern.into());
        self
    }

    /// How much of a caller's header is believed.
    #[must_use]
    pub fn incoming(mut self, incoming: Incoming) -> Self {
        self.incoming = incoming;
        self
    }

    /// Believes no more than `limit` callers a second that demand recording; the sampling rules
    /// decide on the others.
    #[must_use]
    pub fn forced_per_second(mut self, limit: u32) -> Self {
        self.forced_per_second = Some((limit, Arc::default()));
        self
    }

    /// Paths that are not recorded, as patterns: health checks, assets. They touch no sampling rule
    /// and no counter.
    #[must_use]
    pub fn ignore<P: Into<String>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.ignore = paths.into_iter().map(Into::into).collect();
        self
    }

    /// Takes the scheme of recorded URLs from `X-Forwarded-Proto`: for services behind a proxy that
    /// ends TLS and sets this header itself.
    #[must_use]
    pub fn trust_forwarded_proto(mut self) -> Self {
        self.trust_forwarded_proto = true;
        self
    }

    /// Writes a line for each response, of ignored paths and of requests that are not sampled too.
    #[must_use]
    pub fn access_log(mut self, log: AccessLog) -> Self {
        self.access_log = Some(log);
        self
    }

    /// Whether there is anything to do for a request that is not recorded.
    #[must_use]
    pub fn has_access_log(&self) -> bool {
        self.access_log.is_some()
    }

    /// The log that tells of a path.
    pub(super) fn logs(&self, path: &str) -> Option<&AccessLog> {
        self.access_log.as_ref().filter(|log| !log.ignores(path))
    }

    pub(super) fn ignores(&self, path: &str) -> bool {
        self.ignore.iter().any(|pattern| matches(pattern, path))
    }

    pub(super) fn forwarded_proto<'a>(&self, proto: Option<&'a str>) -> Option<&'a str> {
        proto.filter(|proto| self.trust_forwarded_proto && ["http", "https"].contains(proto))
    }

    /// `second` gives the current second of the wall clock.
    pub(super) fn believed(
        &self,
        context: TraceContext,
        second: impl FnOnce() -> u64,
    ) -> TraceContext {
        match self.incoming {
            Incoming::Ignore => TraceContext::default(),
            Incoming::RootOnly => context.root_only(),
            Incoming::Continue => {
                let forces = context.header.sampled == Some(Sampled::Yes);
                match &self.forced_per_second {
                    Some((limit, reservoir)) if forces && !reservoir.take(second(), *limit) => {
                        context.undecided()
                    }
                    _ => context,
                }
            }
        }
    }

    /// The name of a segment that serves a request for this host.
    #[must_use]
    pub fn segment_name<'a>(&'a self, recorder: &'a Recorder, host: Option<&'a str>) -> &'a str {
        match &self.name {
            Naming::Service => recorder.service(),
            Naming::Fixed(name) => name,
            Naming::Host(pattern) => host
                .map(without_port)
                .filter(|host| !host.is_empty() && matches(pattern, host))
                .unwrap_or(recorder.service()),
        }
    }
}

pub(super) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Delivery, TraceHeader};

    #[test]
    fn dynamic_names() {
        let xray = Recorder::builder("fallback").delivery(Delivery::Inline).build().unwrap();
        let policy = ServerPolicy::new().name_by_host("*.example.com");
        let name = |host| policy.segment_name(&xray, host).to_owned();
        assert_eq!(name(Some("a.Example.com:8080")), "a.Example.com");
        assert_eq!(name(Some("zzz")), "fallback");
        assert_eq!(
            ServerPolicy::new().name_by_host("*").segment_name(&xray, Some(":80")),
            "fallback"
        );
        assert_eq!(name(None), "fallback");
    }

    #[test]
    fn forced_samples_have_a_cap() {
        let policy = ServerPolicy::new().forced_per_second(0);
        let context = policy.believed(TraceHeader::parse("Sampled=1").into(), || 1);
        assert_eq!(context.header.sampled, None);
    }
}
