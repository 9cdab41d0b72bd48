use std::borrow::Cow;

/// `url` without user, password, query and fragment, as it is recorded.
///
/// ```
/// use xray_core::http::scrub_url;
///
/// assert_eq!(scrub_url("https://bob:secret@example.com:8443/a?token=1#top"), "https://example.com:8443/a");
/// assert_eq!(scrub_url("/orders?id=7"), "/orders");
/// ```
#[must_use]
pub fn scrub_url(url: &str) -> Cow<'_, str> {
    if is_clean(url.as_bytes()) { Cow::Borrowed(url) } else { scrub(url) }
}

/// Whether there is nothing to take out, as far as one look at each byte tells.
fn is_clean(url: &[u8]) -> bool {
    if url.iter().fold(false, |found, byte| found | matches!(byte, b'?' | b'#' | b'@')) {
        return false;
    }
    let Some(colon) = url.iter().position(|byte| *byte == b':') else { return true };
    let Some(rest) = url[colon..].strip_prefix(b"://") else { return false };
    let authority = rest.split(|byte| *byte == b'/').next().unwrap_or(rest);
    let port = authority.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    // The host has no colon but the one before the port.
    let host = &authority[..authority.len() - port];
    !host[..host.len().saturating_sub(1)].contains(&b':')
}

fn scrub(url: &str) -> Cow<'_, str> {
    let url = &url[..url.find(['?', '#']).unwrap_or(url.len())];
    let Some(authority) = url.find("://").map(|at| at + 3) else { return Cow::Borrowed(url) };
    let end = url[authority..].find('/').map_or(url.len(), |at| authority + at);
    let host = url[authority..end].rfind('@').map_or(authority, |at| authority + at + 1);
    // What stands where a port should and is none may be the start of a password.
    let port = url[host..end].rfind(':').filter(|&at| !is_port(&url[host + at + 1..end]));
    match (host == authority, port) {
        (true, None) => Cow::Borrowed(url),
        (_, port) => {
            let host_end = port.map_or(end, |at| host + at);
            Cow::Owned([&url[..authority], &url[host..host_end], &url[end..]].concat())
        }
    }
}

/// A port, or the rest of an IPv6 address in brackets.
fn is_port(text: &str) -> bool {
    text.ends_with(']') || text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{scrub, scrub_url};

    #[test]
    fn table_of_urls() {
        for (url, expected) in [
            ("http://h/p", "http://h/p"),
            ("http://u@h/p@q", "http://h/p@q"),
            ("http://u:p@w@h:1", "http://h:1"),
            ("http://u:p\\@h/", "http://h/"),
            ("http://h?q=http://u:p@x", "http://h"),
            ("http://u:p?w@h/x", "http://u"),
            ("http://u:p#w@h/x", "http://u"),
            ("http://[::1]/p", "http://[::1]/p"),
            ("http://u@[::1]:80/p", "http://[::1]:80/p"),
            ("", ""),
            ("mailto:a@b", "mailto:a@b"),
            ("http://h:80/a/b", "http://h:80/a/b"),
            ("http://h:80", "http://h:80"),
            ("http://h:/a", "http://h:/a"),
            ("http://h:8x0/a", "http://h/a"),
            ("http://h:80x/a:1", "http://h/a:1"),
            ("/a:b/c", "/a:b/c"),
            ("/to:http://u:p@h/", "/to:http://h/"),
        ] {
            assert_eq!(scrub_url(url), expected, "{url}");
            assert_eq!(scrub_url(url), scrub(url), "{url}");
        }
    }
}
