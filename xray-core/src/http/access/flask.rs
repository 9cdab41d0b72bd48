use std::fmt::Display;

use chrono::{DateTime, TimeZone};

use super::{Entry, is_unsafe};
use crate::{
    document::{MAX_TEXT, cut},
    http::percent::percent_decoded,
};

/// `full_path` of Flask's request: the path decoded, the query as it came.
pub(super) fn full_path(path: &str, query: &str) -> String {
    // A character is at most four bytes, each of them three when encoded.
    let path = percent_decoded(cut(path, 12 * MAX_TEXT).as_bytes());
    let path = path.trim_start_matches('/');
    ["/", &escaped(cut(path, MAX_TEXT)), "?", &escaped(cut(query, MAX_TEXT))].concat()
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unsafe(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

pub(super) fn line<Z: TimeZone<Offset: Display>>(entry: &Entry, now: &DateTime<Z>) -> String {
    let Entry { method, path, scheme, status, .. } = entry;
    // What Python shows where there is none.
    let client = entry.client.as_deref().unwrap_or("None");
    let now = now.format("[%Y-%b-%d %H:%M]");
    format!("{now} {client} {method} {scheme} {path} {status} {}", reason(*status))
}

/// The reasons of Werkzeug 3, which some of the codes have from older specifications.
fn reason(status: u16) -> &'static str {
    match status {
        100 => "CONTINUE",
        101 => "SWITCHING PROTOCOLS",
        102 => "PROCESSING",
        103 => "EARLY HINTS",
        200 => "OK",
        201 => "CREATED",
        202 => "ACCEPTED",
        203 => "NON AUTHORITATIVE INFORMATION",
        204 => "NO CONTENT",
        205 => "RESET CONTENT",
        206 => "PARTIAL CONTENT",
        207 => "MULTI STATUS",
        208 => "ALREADY REPORTED",
        226 => "IM USED",
        300 => "MULTIPLE CHOICES",
        301 => "MOVED PERMANENTLY",
        302 => "FOUND",
        303 => "SEE OTHER",
        304 => "NOT MODIFIED",
        305 => "USE PROXY",
        306 => "SWITCH PROXY",
        307 => "TEMPORARY REDIRECT",
        308 => "PERMANENT REDIRECT",
        400 => "BAD REQUEST",
        401 => "UNAUTHORIZED",
        402 => "PAYMENT REQUIRED",
        403 => "FORBIDDEN",
        404 => "NOT FOUND",
        405 => "METHOD NOT ALLOWED",
        406 => "NOT ACCEPTABLE",
        407 => "PROXY AUTHENTICATION REQUIRED",
        408 => "REQUEST TIMEOUT",
        409 => "CONFLICT",
        410 => "GONE",
        411 => "LENGTH REQUIRED",
        412 => "PRECONDITION FAILED",
        413 => "REQUEST ENTITY TOO LARGE",
        414 => "REQUEST URI TOO LONG",
        415 => "UNSUPPORTED MEDIA TYPE",
        416 => "REQUESTED RANGE NOT SATISFIABLE",
        417 => "EXPECTATION FAILED",
        418 => "I'M A TEAPOT",
        421 => "MISDIRECTED REQUEST",
        422 => "UNPROCESSABLE ENTITY",
        423 => "LOCKED",
        424 => "FAILED DEPENDENCY",
        425 => "TOO EARLY",
        426 => "UPGRADE REQUIRED",
        428 => "PRECONDITION REQUIRED",
        429 => "TOO MANY REQUESTS",
        431 => "REQUEST HEADER FIELDS TOO LARGE",
        449 => "RETRY WITH",
        451 => "UNAVAILABLE FOR LEGAL REASONS",
        500 => "INTERNAL SERVER ERROR",
        501 => "NOT IMPLEMENTED",
        502 => "BAD GATEWAY",
        503 => "SERVICE UNAVAILABLE",
        504 => "GATEWAY TIMEOUT",
        505 => "HTTP VERSION NOT SUPPORTED",
        506 => "VARIANT ALSO NEGOTIATES",
        507 => "INSUFFICIENT STORAGE",
        508 => "LOOP DETECTED",
        510 => "NOT EXTENDED",
        511 => "NETWORK AUTHENTICATION FAILED",
        _ => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use chrono::{FixedOffset, TimeZone};

    use super::*;
    use crate::{
        Entity,
        http::{AccessLog, RequestHead},
    };

    /// What Flask 3.1 on Werkzeug 3.1 wrote for these targets, but for what breaks lines.
    #[test]
    fn paths_are_those_of_flask() {
        for (path, query, expected) in [
            ("/api/activities/home", "", "/api/activities/home?"),
            ("/", "", "/?"),
            ("/a", "x=1&y=%20%0a", "/a?x=1&y=%20%0a"),
            ("/a%20b%3Fc", "", "/a b?c?"),
            ("/caf%C3%A9", "", "/café?"),
            ("/%ff%zz%4", "", "/\u{fffd}%zz%4?"),
            ("//double//x", "", "/double//x?"),
            ("/a%2Fb", "", "/a/b?"),
            ("/a+b", "c+d", "/a+b?c+d"),
            ("/a", "?x", "/a??x"),
            ("/a;b", "c;d", "/a;b?c;d"),
            ("/a'\"<b>\\", "", "/a'\"<b>\\?"),
            // There, these are what they say.
            ("/a%0Ab%1b", "", "/a\\nb\\u{1b}?"),
            ("/a%E2%80%A8b", "\u{85}", "/a\\u{2028}b?\\u{85}"),
        ] {
            assert_eq!(full_path(path, query), expected, "{path}?{query}");
        }
        let long = full_path(&"%41".repeat(9000), &"b".repeat(9000));
        assert_eq!(long, format!("/{}?{}", "A".repeat(4096), "b".repeat(4096)));
    }

    #[test]
    fn lines_are_those_of_flask() {
        let now = FixedOffset::east_opt(3600).unwrap();
        let now = now.with_ymd_and_hms(2023, 2, 27, 10, 15, 59).unwrap();
        let request = RequestHead {
            method: "GET",
            path: "/api/activities/home",
            scheme: "http",
            peer: Some("172.18.0.1".parse().unwrap()),
            forwarded_for: Some("203.0.113.9"),
            ..RequestHead::default()
        };
        let line_of = |request, status| {
            let mut entry = Entry::begin(&AccessLog::flask(), &request, &Entity::current());
            entry.status(status);
            line(&entry, &now)
        };
        assert_eq!(
            line_of(request, 200),
            "[2023-Feb-27 10:15] 172.18.0.1 GET http /api/activities/home? 200 OK"
        );
        assert_eq!(
            line_of(RequestHead { peer: None, query: Some("a=b"), ..request }, 413),
            "[2023-Feb-27 10:15] None GET http /api/activities/home?a=b 413 REQUEST ENTITY TOO LARGE"
        );
        assert!(line_of(request, 799).ends_with("? 799 UNKNOWN"));
    }
}
