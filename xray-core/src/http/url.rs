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
    use super::scrub_url;

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
        ] {
            assert_eq!(scrub_url(url), expected, "{url}");
        }
    }
}
