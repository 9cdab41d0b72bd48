use std::{fmt, sync::Arc};

use super::Sampled;
use crate::{SegmentId, TraceId};

/// Name of the HTTP header, in the lower case that HTTP/2 wants.
pub const HEADER_NAME: &str = "x-amzn-trace-id";

/// Bytes of unknown `key=value` pairs that travel on, keys and values together. The official Node
/// SDK has the same budget; it keeps a caller from growing the header without end.
pub const MAX_DATA_BYTES: usize = 256;

/// A parsed `X-Amzn-Trace-Id`.
///
/// Parsing cannot fail: what is malformed counts as absent, and a malformed `Root` voids the whole
/// header, so that any bytes a stranger sends give a new trace and never an error.
///
/// ```
/// use xray_core::header::{Sampled, TraceHeader};
///
/// let header = TraceHeader::parse(
///     " Root=1-5759e988-bd862e3fe1be46a994272793 ; ;Parent=53995c3f42cd8ad8; sampled=1;Lineage=a:1",
/// );
/// assert_eq!(header.sampled, Some(Sampled::Yes));
/// assert_eq!(
///     header.to_string(),
///     "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:1",
/// );
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TraceHeader {
    /// The trace.
    pub root: Option<TraceId>,
    /// The segment or subsegment that made the call.
    pub parent: Option<SegmentId>,
    /// The caller's decision.
    pub sampled: Option<Sampled>,
    /// Unknown pairs such as `Lineage=…`, in the order they came, joined by `;`.
    pub data: Option<Arc<str>>,
}

impl TraceHeader {
    /// Reads the text of the header.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut header = Self::default();
        let mut data = String::new();
        let mut budget = MAX_DATA_BYTES;
        let mut malformed_root = false;
        for pair in text.split(';') {
            let Some((key, value)) = pair.split_once('=') else { continue };
            let (key, value) = (key.trim(), value.trim());
            if key.is_empty() || value.is_empty() {
                continue;
            }
            if key.eq_ignore_ascii_case("root") {
                header.root = value.parse().ok();
                malformed_root = header.root.is_none();
            } else if key.eq_ignore_ascii_case("parent") {
                header.parent = value.parse().ok();
            } else if key.eq_ignore_ascii_case("sampled") {
                header.sampled = match value {
                    "1" => Some(Sampled::Yes),
                    "0" => Some(Sampled::No),
                    "?" => Some(Sampled::Requested),
                    _ => None,
                };
            } else if !key.eq_ignore_ascii_case("self")
                && key.len() + value.len() <= budget
                && travels(key)
                && travels(value)
            {
                budget -= key.len() + value.len();
                if !data.is_empty() {
                    data.push(';');
                }
                data.extend([key, "=", value]);
            }
        }
        if malformed_root {
            crate::logging::debug!(
                "X-Amzn-Trace-Id with a malformed Root ignored; a new trace begins"
            );
            return Self::default();
        }
        header.data = (!data.is_empty()).then(|| data.into());
        header
    }

    /// Reads the raw bytes of a header value; bytes that are not UTF-8 give an empty header.
    ///
    /// ```
    /// # use xray_core::header::TraceHeader;
    /// assert_eq!(TraceHeader::parse_bytes(b"\xff\x00"), TraceHeader::default());
    /// ```
    #[must_use]
    pub fn parse_bytes(bytes: &[u8]) -> Self {
        std::str::from_utf8(bytes).map(Self::parse).unwrap_or_default()
    }
}

/// Visible ASCII and spaces: what an HTTP header value may carry to the next service.
fn travels(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

impl fmt::Display for TraceHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let mut key = |f: &mut fmt::Formatter<'_>, key| {
            f.write_str(std::mem::replace(&mut separator, ";"))?;
            f.write_str(key)
        };
        if let Some(root) = &self.root {
            key(f, "Root=")?;
            root.fmt(f)?;
        }
        if let Some(parent) = &self.parent {
            key(f, "Parent=")?;
            parent.fmt(f)?;
        }
        match self.sampled {
            Some(Sampled::Yes) => key(f, "Sampled=1")?,
            Some(Sampled::No) => key(f, "Sampled=0")?,
            Some(Sampled::Requested) => key(f, "Sampled=?")?,
            None => {}
        }
        match &self.data {
            Some(data) => key(f, data),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";

    #[track_caller]
    fn reads(text: &str, expected: &str) {
        let text = text.replace("<r>", ROOT);
        assert_eq!(
            TraceHeader::parse(&text).to_string(),
            expected.replace("<r>", ROOT),
            "from {text:?}"
        );
    }

    #[test]
    fn table_of_incoming_headers() {
        let parent = "Parent=53995c3f42cd8ad8";
        reads(&format!("Root=<r>; {parent}; Sampled=1"), &format!("Root=<r>;{parent};Sampled=1"));
        reads(&format!("sampled=1;root=<r>;{parent}"), &format!("Root=<r>;{parent};Sampled=1"));
        reads("Root=<r>;;Sampled=1;", "Root=<r>;Sampled=1");
        reads("Root=<r>;Foo", "Root=<r>");
        reads("Root=<r>;X=b=c", "Root=<r>;X=b=c");
        reads("Root=1-00000000-000000000000000000000001;Root=<r>", "Root=<r>");
        reads("Root=<r>;Sampled=2", "Root=<r>");
        reads("Root=<r>;Sampled=01", "Root=<r>");
        reads("Root=<r>;Sampled=?", "Root=<r>;Sampled=?");
        reads("Self=1-2-3;Root=<r>", "Root=<r>");
        reads("Root=<r>;Parent=xyz;Sampled=1", "Root=<r>;Sampled=1");
        reads("Sampled=1", "Sampled=1");
        reads("Root=1-abc;Sampled=1;X=y", "");
        reads("", "");
        reads("Root=<r>;A=;B=1", "Root=<r>;B=1");
        reads("Root=<r>;A=\u{1b}[2J;B=é", "Root=<r>");
    }

    #[test]
    fn upper_case_root_is_lowered() {
        reads(&format!("Root={}", ROOT.to_uppercase()), "Root=<r>");
    }

    #[test]
    fn data_keeps_its_order_within_the_budget() {
        let long = "v".repeat(250);
        reads(
            &format!("Root=<r>;Lineage=10:1234abcd:3;Big={long};Z=1"),
            "Root=<r>;Lineage=10:1234abcd:3;Z=1",
        );
    }
}
