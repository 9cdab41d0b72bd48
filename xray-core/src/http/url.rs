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
    match url[authority..end].rfind('@') {
        None => Cow::Borrowed(url),
        Some(at) => {
            let host = authority + at + 1;
            Cow::Owned([&url[..authority], &url[host..]].concat())
        }
    }
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
            ("", ""),
            ("mailto:a@b", "mailto:a@b"),
        ] {
            assert_eq!(scrub_url(url), expected, "{url}");
        }
    }
}
