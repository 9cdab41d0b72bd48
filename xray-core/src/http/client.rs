use std::{
    fmt,
    panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{CallHead, name_of_host};
use crate::{
    document::{MAX_NAME, cut},
    sample::matches,
};

/// How a client records its calls. A clone is cheap.
///
/// `XRayClientLayer` of `xray-tower`, `XRayMiddleware` of `xray-reqwest` and `XRayClientMiddleware` of
/// `xray-actix` have the same setters.
///
/// ```
/// use xray_core::http::{ClientPolicy, IgnoredCalls};
///
/// let policy = ClientPolicy::new()
///     .traced_hosts(["*.shop.internal"])
///     .ignore(IgnoredCalls::new().host("vault.*").urls(["/v1/sys/health"]));
/// # let _ = policy;
/// ```
#[derive(Clone, Debug)]
pub struct ClientPolicy {
    name: Option<Arc<str>>,
    authority: Option<Arc<str>>,
    ignore: Arc<[IgnoredCalls]>,
    traced: Arc<[String]>,
    pub(super) until_body_end: bool,
}

impl ClientPolicy {
    /// Subsegments that are named after the host and end at the response's head. Ignores the
    /// sampling calls of X-Ray itself: `POST /GetSamplingRules` and `POST /SamplingTargets`.
    #[must_use]
    pub fn new() -> Self {
        let ours = IgnoredCalls::new()
            .urls(["/GetSamplingRules", "/SamplingTargets"])
            .when(|call| call.method == "POST");
        Self {
            name: None,
            authority: None,
            ignore: [ours].into(),
            traced: Arc::default(),
            until_body_end: false,
        }
    }

    /// Names each subsegment `name` in place of the host: for a service that is behind several hosts,
    /// or behind an address.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Host and port of requests that do not say where they go, as those of a tonic client whose channel
    /// alone knows.
    #[must_use]
    pub fn authority(mut self, authority: &str) -> Self {
        self.authority = Some(authority.into());
        self
    }

    /// Leaves these calls alone too: no subsegment, and no header that carries the trace on.
    #[must_use]
    pub fn ignore(mut self, calls: IgnoredCalls) -> Self {
        self.ignore = self.ignore.iter().cloned().chain([calls]).collect();
        self
    }

    /// Says that every service that is called sends segments of its own, so that X-Ray waits for them in
    /// place of drawing a guess.
    #[must_use]
    pub fn traced(self) -> Self {
        self.traced_hosts(["*"])
    }

    /// As [`traced`](Self::traced), for the hosts, without port, that match one of these patterns
    /// (`*` any run, `?` one character).
    #[must_use]
    pub fn traced_hosts<P: Into<String>>(mut self, hosts: impl IntoIterator<Item = P>) -> Self {
        self.traced = hosts.into_iter().map(Into::into).collect();
        self
    }

    /// Ends each subsegment where the response's body ends, or is dropped, in place of its head. An
    /// event stream and an upgraded connection still end theirs at the head.
    #[must_use]
    pub fn until_body_end(mut self) -> Self {
        self.until_body_end = true;
        self
    }

    pub(super) fn completed<'a>(&'a self, call: CallHead<'a>) -> CallHead<'a> {
        CallHead { authority: call.authority.or(self.authority.as_deref()), ..call }
    }

    pub(super) fn ignores(&self, call: &CallHead<'_>) -> bool {
        self.ignore.iter().any(|calls| calls.hold(call))
    }

    pub(super) fn names<'a>(&'a self, call: &CallHead<'a>) -> &'a str {
        self.name.as_deref().or_else(|| call.host().map(plain)).unwrap_or("UNKNOWN HOST")
    }

    /// Says once, where a call goes nobody knows where, what gives the map its name.
    pub(super) fn warn_of_no_host(&self, call: &CallHead<'_>) {
        static TOLD: AtomicBool = AtomicBool::new(false);
        let unknown = self.name.is_none() && call.host().is_none();
        if unknown && !TOLD.swap(true, Ordering::Relaxed) {
            crate::logging::warning!(
                "a call of {:?} does not say which host it goes to, and is \"UNKNOWN HOST\" in its trace: \
                 make the client with an origin (tonic: `with_origin`), or set `authority` or `name` of \
                 what records it",
                cut(call.path, MAX_NAME)
            );
        }
    }

    pub(super) fn is_traced(&self, call: &CallHead<'_>) -> bool {
        let host = call.host().unwrap_or_default();
        self.traced.iter().any(|pattern| matches(pattern, host))
    }
}

impl Default for ClientPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// Calls that are not recorded: those that all given parts match. With no part given there are none.
///
/// ```
/// use xray_core::http::IgnoredCalls;
///
/// let checks = IgnoredCalls::new().host("*.internal").urls(["/health"]);
/// let probes = IgnoredCalls::new().when(|call| call.method == "OPTIONS");
/// # let _ = (checks, probes);
/// ```
#[derive(Clone, Default)]
pub struct IgnoredCalls {
    host: Option<Arc<str>>,
    urls: Option<Arc<[String]>>,
    predicate: Option<Arc<Predicate>>,
}

type Predicate = dyn Fn(&CallHead<'_>) -> bool + Send + Sync;

impl IgnoredCalls {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls of a host, without port, that matches this pattern (`*` any run, `?` one character).
    #[must_use]
    pub fn host(mut self, pattern: &str) -> Self {
        self.host = Some(pattern.into());
        self
    }

    /// Calls of exactly one of these URLs, compared without user, query and fragment. One that begins
    /// with `/` is a path of any host.
    #[must_use]
    pub fn urls<U: Into<String>>(mut self, urls: impl IntoIterator<Item = U>) -> Self {
        self.urls = Some(urls.into_iter().map(Into::into).collect());
        self
    }

    /// Calls that `predicate` says yes to. If it panics, the call is recorded.
    #[must_use]
    pub fn when(
        mut self,
        predicate: impl Fn(&CallHead<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.predicate = Some(Arc::new(predicate));
        self
    }

    fn hold(&self, call: &CallHead<'_>) -> bool {
        let Self { host, urls, predicate } = self;
        let given = host.is_some() || urls.is_some() || predicate.is_some();
        given
            && urls.as_ref().is_none_or(|urls| urls.iter().any(|url| call.is_of_url(url)))
            && host
                .as_ref()
                .is_none_or(|pattern| call.host().is_some_and(|host| matches(pattern, host)))
            && predicate.as_ref().is_none_or(|predicate| holds(&**predicate, call))
    }
}

/// A predicate is the user's code, and a call is not failed by recording it.
fn holds(predicate: &Predicate, call: &CallHead<'_>) -> bool {
    catch_unwind(AssertUnwindSafe(|| predicate(call))).unwrap_or_else(|_| {
        crate::logging::error!("the predicate of ignored calls panicked; the call is recorded");
        false
    })
}

// Its panics are caught, so a client stays usable in code that catches panics of its own.
impl UnwindSafe for IgnoredCalls {}
impl RefUnwindSafe for IgnoredCalls {}

impl fmt::Debug for IgnoredCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, urls, predicate } = self;
        let mut shown = f.debug_struct("IgnoredCalls");
        shown.field("host", host).field("urls", urls);
        shown.field("predicate", &predicate.is_some()).finish()
    }
}

impl<'a> CallHead<'a> {
    /// The host, without user and port.
    #[must_use]
    pub fn host(&self) -> Option<&'a str> {
        self.authority.map(name_of_host).filter(|host| !host.is_empty())
    }

    fn is_of_url(&self, url: &str) -> bool {
        if url.starts_with('/') {
            return url == self.path;
        }
        let Some(authority) = self.authority else { return false };
        let rest = url.strip_prefix(self.scheme).and_then(|rest| rest.strip_prefix("://"));
        let path = rest.and_then(|rest| rest.strip_prefix(without_user(authority)));
        path.is_some_and(|path| path == self.path || (path.is_empty() && self.path == "/"))
    }
}

/// An address of IPv6 without its brackets, which names do not take.
fn plain(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

pub(super) fn without_user(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(url: &'static str) -> CallHead<'static> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let path = rest.find('/').unwrap_or(rest.len());
        let authority = Some(&rest[..path]).filter(|authority| !authority.is_empty());
        CallHead { method: "GET", scheme, authority, path: &rest[path..] }
    }

    #[test]
    fn hosts_stand_without_user_and_port() {
        for (url, host) in [
            ("http://h/p", Some("h")),
            ("http://h:80/p", Some("h")),
            ("http://u:p@h:80/p", Some("h")),
            ("http://u@v@h/p", Some("h")),
            ("http://[::1]:80/p", Some("[::1]")),
            ("http://[::1]/p", Some("[::1]")),
            ("http://:80/p", None),
            ("/p", None),
        ] {
            assert_eq!(call(url).host(), host, "{url}");
        }
    }

    #[test]
    fn names_are_such_that_nothing_has_to_be_taken_out() {
        let policy = ClientPolicy::new();
        for (url, name) in
            [("http://h:80/p", "h"), ("http://[::1]:80/p", "::1"), ("/p", "UNKNOWN HOST")]
        {
            assert_eq!(policy.names(&call(url)), name, "{url}");
        }
        assert_eq!(policy.name("payments").names(&call("http://[::1]/p")), "payments");
    }

    #[test]
    fn all_given_parts_must_match() {
        let here = |calls: IgnoredCalls, url| calls.hold(&call(url));
        let both = || IgnoredCalls::new().host("*.internal").urls(["/health", "https://h:1/a"]);
        assert!(here(both(), "http://A.Internal:80/health"));
        assert!(!here(both(), "http://a.example/health"));
        assert!(!here(both(), "http://a.internal/healthy"));
        assert!(!here(both(), "/health"), "a call of no known host is of none");
        assert!(!here(both().when(|call| call.method == "POST"), "http://a.internal/health"));
        assert!(here(both().when(|call| call.method == "GET"), "http://a.internal/health"));
        assert!(!here(IgnoredCalls::new(), "http://a.internal/health"));
    }

    #[test]
    fn urls_are_exact() {
        let here = |url: &str, called| IgnoredCalls::new().urls([url]).hold(&call(called));
        assert!(here("https://h:1/a", "https://u:p@h:1/a"));
        assert!(here("http://h", "http://h/"));
        assert!(!here("http://h:1/a", "https://h:1/a"));
        assert!(!here("https://h/a", "https://h:1/a"));
        assert!(!here("https://h:1/a", "/a"));
    }

    #[test]
    fn only_our_own_sampling_calls_are_ignored_by_default() {
        let policy = ClientPolicy::new();
        let call = CallHead { method: "POST", path: "/SamplingTargets", ..CallHead::default() };
        assert!(policy.ignores(&call));
        assert!(!policy.ignores(&CallHead { method: "GET", ..call }));
        assert!(policy.clone().ignore(IgnoredCalls::new()).ignores(&call));
    }

    #[test]
    fn a_predicate_that_panics_ignores_nothing() {
        assert!(!IgnoredCalls::new().when(|_| panic!("kaboom")).hold(&call("http://h/p")));
    }
}
