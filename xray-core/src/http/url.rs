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

/// `text` with each URL in it scrubbed: for messages of errors, which name what was called.
pub(crate) fn scrub_text(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let start = rest[..at]
            .rfind(|c| !scheme(c))
            .map_or(0, |before| before + rest[before..].chars().next().map_or(1, char::len_utf8));
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '`' | '<' | '>');
        let end = rest[at..].find(ends).map_or(rest.len(), |end| at + end);
        // What closes a sentence is no part of it; inside, it may well be.
        let end = rest[..end].trim_end_matches([')', '\'', ',', ':', ';', '.']).len().max(at + 3);
        clean.push_str(&rest[..start]);
        clean.push_str(&scrub(&rest[start..end]));
        rest = &rest[end..];
    }
    clean.push_str(rest);
    Cow::Owned(clean)
}

/// A port, or the rest of an IPv6 address in brackets.
fn is_port(text: &str) -> bool {
    text.ends_with(']') || text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{scrub, scrub_text, scrub_url};

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

    #[test]
    fn table_of_texts() {
        for (text, expected) in [
            ("no url", "no url"),
            ("sending to (http://u:p@h/a?k=s#f) failed", "sending to (http://h/a) failed"),
            ("http://h/?a=1", "http://h/"),
            ("\"https://u:p@h\", then é://u@x?y", "\"https://h\", then é://x"),
            ("://", "://"),
            ("a://b://c?d e?f", "a://b://c e?f"),
            ("at (http://h/?a=x)y'z): no", "at (http://h/): no"),
            ("what is :// and http://?", "what is :// and http://"),
            ("x http://[::1]:8/a?b, ws://h?k", "x http://[::1]:8/a, ws://h"),
        ] {
            assert_eq!(scrub_text(text), expected, "{text}");
        }
    }
}
