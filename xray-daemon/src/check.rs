//! Says what a datagram is: header line, newline, document.

use serde::Deserialize;
use xray_console::{Document, OtherKind, Rejection};

/// What a datagram turned out to be, and its body as it was received.
#[derive(Debug)]
pub(crate) enum Checked<'a> {
    Document(Document, &'a [u8]),
    /// Known, but no X-Ray document.
    Other(OtherKind, &'a [u8]),
}

/// The part of the header line that decides; further keys are allowed.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u64,
}

/// Checks one datagram.
///
/// A refusal comes with the part of the datagram that shows why.
pub(crate) fn check(datagram: &[u8]) -> Result<Checked<'_>, (Rejection, &[u8])> {
    if datagram.is_empty() {
        return Err((Rejection::Empty, datagram));
    }
    let end = datagram.iter().position(|&byte| byte == b'\n').unwrap_or(datagram.len());
    let (header, rest) = datagram.split_at(end);
    if !is_header(header) {
        return Err((Rejection::BadHeader, datagram));
    }
    let body = rest.strip_prefix(b"\n").unwrap_or(rest);
    if body.trim_ascii().is_empty() {
        return Err((Rejection::HeaderWithoutDocument, datagram));
    }
    // AWS's OpenTelemetry distributions send OTLP in base64 to the same port. No JSON begins this way.
    if body.starts_with(b"T1S") || body.starts_with(b"T1U") {
        return Ok(Checked::Other(OtherKind::OtlpTraces, body));
    }
    if body.starts_with(b"M1") {
        return Ok(Checked::Other(OtherKind::OtlpMetrics, body));
    }
    match Document::parse(body) {
        Ok(document) => Ok(Checked::Document(document, body)),
        Err(reason) => Err((reason, body)),
    }
}

/// As the SDKs of AWS and ours write it.
const USUAL: &[u8] = br#"{"format":"json","version":1}"#;

/// White space around the JSON, such as the `\r` of a line that ends in `\r\n`, is JSON's own.
fn is_header(line: &[u8]) -> bool {
    let padding = |rest: &[u8]| rest.iter().all(|byte| matches!(byte, b' ' | b'\r' | b'\t'));
    line.strip_prefix(USUAL).is_some_and(padding)
        || serde_json::from_slice::<Header>(line)
            .is_ok_and(|header| header.format.eq_ignore_ascii_case("json") && header.version == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_read_as_the_sdks_and_the_original_daemon_do() {
        let good = [
            r#"{"format":"json","version":1}"#,
            r#"{"format": "json", "version": 1}"#,
            "{\"format\":\"JSON\",\"version\":1}\r",
            "{\"format\":\"json\",\"version\":1}      ",
            r#" {"version":1,"sent_by":{"sdk":[1,2]},"format":"Json"} "#,
        ];
        for line in good {
            assert!(is_header(line.as_bytes()), "{line}");
        }
        let bad = [
            "",
            "json",
            "{}",
            "[]",
            r#"{"format":"json"}"#,
            r#"{"format":"json","version":2}"#,
            r#"{"format":"json","version":"1"}"#,
            r#"{"format":"json","version":1.5}"#,
            r#"{"format":"json","version":-1}"#,
            r#"{"format":"xml","version":1}"#,
            r#"{"format":["json"],"version":1}"#,
            r#"{"format":"json","version":1} trailing"#,
            "{\"format\":\"json\",\"version\":1}\x0c",
            r#"{"format":"json","version":1"#,
        ];
        for line in bad {
            assert!(!is_header(line.as_bytes()), "{line}");
        }
        assert!(!is_header(&[b"{\"format\":".as_slice(), &[b'['; 50_000]].concat()));
    }
}
