//! Who may ask. The calls are unsigned, so whoever reaches the port is believed, and a browser on this machine
//! reaches it for every page that it shows.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, ORIGIN};
use hyper::{StatusCode, Uri};

/// Why a call was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Origin,
    Host,
    ContentType,
    Path,
    Method,
    TooLarge,
    Invalid,
}

impl Refusal {
    pub(crate) const ALL: [Self; 7] = [
        Self::Origin,
        Self::Host,
        Self::ContentType,
        Self::Path,
        Self::Method,
        Self::TooLarge,
        Self::Invalid,
    ];

    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Origin | Self::Host => StatusCode::FORBIDDEN,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Path => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Invalid => StatusCode::BAD_REQUEST,
        }
    }

    /// For the answer, and for the console.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Origin => "a page of a browser asks: requests with an Origin are refused",
            Self::Host => "the Host is not this machine: localhost, 127.0.0.1 and [::1] are known",
            Self::ContentType => "the content type is not JSON",
            Self::Path => "only POST /GetSamplingRules and /SamplingTargets are known here",
            Self::Method => "POST is the only method here",
            Self::TooLarge => "the body is longer than 1 MiB",
            Self::Invalid => "the body is not what the call takes",
        }
    }
}

/// Checks what stands before the body, and counts what was refused.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Bound to a loopback address, so that every honest `Host` is one.
    loopback: bool,
    refused: [AtomicU64; Refusal::ALL.len()],
}

impl Gate {
    pub(crate) fn new(loopback: bool) -> Self {
        Self { loopback, refused: Default::default() }
    }

    pub(crate) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        if headers.contains_key(ORIGIN) {
            return Err(Refusal::Origin);
        }
        if self.loopback && !is_here(uri, headers) {
            return Err(Refusal::Host);
        }
        if headers.get_all(CONTENT_TYPE).iter().all(|kind| kind.to_str().is_ok_and(is_json)) {
            return Ok(());
        }
        Err(Refusal::ContentType)
    }

    pub(crate) fn count(&self, refusal: Refusal) {
        self.refused[refusal as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// The reasons that occurred, and how often.
    pub(crate) fn refused(&self) -> impl Iterator<Item = (Refusal, u64)> {
        let count = |reason: Refusal| self.refused[reason as usize].load(Ordering::Relaxed);
        let all = Refusal::ALL.into_iter().map(move |reason| (reason, count(reason)));
        all.filter(|(_, count)| *count > 0)
    }
}

/// A page of another site can make its own name resolve to 127.0.0.1, but the browser sends that name as `Host`.
fn is_here(uri: &Uri, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    host.to_str().is_ok_and(is_loopback)
        && uri.authority().is_none_or(|authority| is_loopback(authority.as_str()))
}

fn is_loopback(authority: &str) -> bool {
    let name = match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => authority,
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    match bare {
        Some(ipv6) => ipv6.parse().is_ok_and(|ip: std::net::Ipv6Addr| ip.is_loopback()),
        None => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse().is_ok_and(|ip: IpAddr| ip.is_ipv4() && ip.is_loopback())
        }
    }
}

/// `application/json`, what AWS's own protocols call it, and the like, with any parameters.
fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.is_empty()
        || kind == "application/json"
        || kind == "text/json"
        || kind.starts_with("application/x-amz-json-")
        || (kind.starts_with("application/") && kind.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(loopback: bool, headers: &[(&'static str, &'static str)]) -> Result<(), Refusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Gate::new(loopback).check(&Uri::from_static("/GetSamplingRules"), &map)
    }

    #[test]
    fn loopback_names_pass_with_any_port() {
        for host in
            ["localhost", "LocalHost:2000", "127.0.0.1", "127.8.0.1:1", "[::1]", "[::1]:2000"]
        {
            assert_eq!(checked(true, &[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "::1",
            "10.0.0.1",
            "",
            "localhost:80@evil",
            "[127.0.0.1]",
        ] {
            assert_eq!(checked(true, &[("host", host)]), Err(Refusal::Host), "{host}");
            assert_eq!(checked(false, &[("host", host)]), Ok(()), "{host}");
        }
        assert_eq!(checked(true, &[]), Err(Refusal::Host));
        assert_eq!(
            checked(true, &[("host", "localhost"), ("host", "localhost")]),
            Err(Refusal::Host)
        );
        let absolute = Uri::from_static("http://evil.example/GetSamplingRules");
        let mut headers = HeaderMap::new();
        headers.insert("host", "localhost".parse().unwrap());
        assert_eq!(Gate::new(true).check(&absolute, &headers), Err(Refusal::Host));
    }

    #[test]
    fn pages_of_a_browser_are_refused_wherever_it_listens() {
        for origin in ["http://evil.example", "null", "http://localhost:2001", ""] {
            let headers = [("host", "localhost"), ("origin", origin)];
            assert_eq!(checked(true, &headers), Err(Refusal::Origin));
            assert_eq!(checked(false, &headers), Err(Refusal::Origin));
        }
    }

    #[test]
    fn only_json_is_a_content_type() {
        for kind in [
            "",
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON",
            "application/x-amz-json-1.1",
            "application/vnd.x+json",
        ] {
            assert_eq!(
                checked(true, &[("host", "localhost"), ("content-type", kind)]),
                Ok(()),
                "{kind}"
            );
        }
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=json",
            "application/jsonp",
            "text/html;application/json",
        ] {
            let headers = [
                ("host", "localhost"),
                ("content-type", "application/json"),
                ("content-type", kind),
            ];
            assert_eq!(checked(true, &headers), Err(Refusal::ContentType), "{kind}");
        }
    }
}
