//! What holds for every answer: who may ask, and what a browser may do with it.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::console::Console;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'";

/// Names of this machine that cannot be made to point elsewhere.
const OWN: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Refuses every request whose `Host` is not this machine, and puts the security headers on every answer.
///
/// A page of another site can make its own name resolve to 127.0.0.1, but it cannot choose the `Host` that the
/// browser sends; that is why the check comes before everything else.
pub(super) async fn guard(
    State(console): State<Console>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = if is_ours(request.headers(), request.uri(), console.allowed_hosts()) {
        next.run(request).await
    } else {
        let text = "This console answers to localhost, 127.0.0.1 and [::1] only.\n";
        (StatusCode::FORBIDDEN, text).into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn is_ours(headers: &HeaderMap, uri: &Uri, allowed: &[String]) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let known = |authority: &str| {
        let name = without_port(authority);
        OWN.iter().any(|own| own.eq_ignore_ascii_case(name))
            || allowed.iter().any(|own| own.eq_ignore_ascii_case(name))
    };
    host.to_str().is_ok_and(known)
        && uri.authority().is_none_or(|authority| known(authority.as_str()))
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        is_ours(&headers, &Uri::from_static("/map"), &["trace.test".to_owned()])
    }

    #[test]
    fn own_names_pass_with_any_port() {
        for host in
            ["localhost", "LocalHost:2001", "127.0.0.1:1", "[::1]", "[::1]:2001", "trace.test:80"]
        {
            assert!(ours(host), "{host}");
        }
    }

    #[test]
    fn other_names_are_refused() {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "::1",
            "",
            "localhost:80@evil",
        ] {
            assert!(!ours(host), "{host}");
        }
    }
}
