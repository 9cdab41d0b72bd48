use std::{borrow::Cow, fmt, str::FromStr, sync::Arc};

use super::{Sampled, TraceHeader};
use crate::{Error, SegmentId, TraceId};

/// Name of the HTTP header that carries a [`TraceParent`].
pub const TRACEPARENT: &str = "traceparent";

/// Name of the HTTP header in which vendors carry their own data beside `traceparent`.
pub const TRACESTATE: &str = "tracestate";

/// Bytes of a `tracestate` that travel on, the least that W3C asks for; a longer one does not travel.
pub const MAX_TRACESTATE_BYTES: usize = 512;

/// Members of a `tracestate`, as W3C has it; one with more does not travel.
pub const MAX_TRACESTATE_MEMBERS: usize = 32;

/// Bytes of a `traceparent` of version 00.
const LEN: usize = 55;

/// A parsed `traceparent`, as W3C's Trace Context, level 1, has it.
///
/// Its trace is X-Ray's without the dashes, and its parent is a segment's id. It always says whether
/// the caller records.
///
/// ```
/// use xray_core::header::TraceParent;
///
/// let text = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
/// let parent: TraceParent = text.parse()?;
/// assert_eq!(parent.root.to_string(), "1-5759e988-bd862e3fe1be46a994272793");
/// assert_eq!(parent.parent.to_string(), "53995c3f42cd8ad8");
/// assert!(parent.sampled);
/// assert_eq!(parent.to_string(), text);
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TraceParent {
    /// The trace, never all zeros.
    pub root: TraceId,
    /// The segment or subsegment that made the call, never all zeros.
    pub parent: SegmentId,
    /// Whether the caller records.
    pub sampled: bool,
}

impl TraceParent {
    /// What the header says in W3C's words; `None` without a trace, a parent or a decision.
    ///
    /// ```
    /// use xray_core::header::{TraceHeader, TraceParent};
    ///
    /// let header = TraceHeader::parse(
    ///     "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
    /// );
    /// assert_eq!(
    ///     TraceParent::of(&header).unwrap().to_string(),
    ///     "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00",
    /// );
    /// ```
    #[must_use]
    pub fn of(header: &TraceHeader) -> Option<Self> {
        let root = header.root.filter(|root| !root.is_noop())?;
        let parent = header.parent.filter(|parent| !parent.is_noop())?;
        let sampled = match header.sampled? {
            Sampled::Yes => true,
            Sampled::No => false,
            Sampled::Requested => return None,
        };
        Some(Self { root, parent, sampled })
    }

    /// Reads the raw bytes of a header value.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.trim_ascii();
        let (head, tail) = bytes.split_at_checked(LEN)?;
        if head[2] != b'-' || head[35] != b'-' || head[52] != b'-' {
            return None;
        }
        match hex(&head[..2])? {
            0xff => return None,
            0 if !tail.is_empty() => return None,
            // A later version may say more.
            _ if tail.first().is_some_and(|&next| next != b'-') => return None,
            _ => {}
        }
        let root = TraceId::from_bits(hex(&head[3..35])?);
        let parent = SegmentId::from_bits(hex(&head[36..52])? as u64);
        let sampled = hex(&head[53..55])? & 1 == 1;
        (!root.is_noop() && !parent.is_noop()).then_some(Self { root, parent, sampled })
    }
}

impl FromStr for TraceParent {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text.as_bytes()).ok_or_else(|| {
            Error::parse(
                "invalid traceparent: expected `00-`, 32 hex digits, `-`, 16 hex digits, `-` and 2 \
                 hex digits, all lower case and neither id all zeros",
            )
        })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.sampled);
        write!(f, "00-{:032x}-{}-{flags:02x}", self.root.bits(), self.parent)
    }
}

/// The value of a header that may come once, as `traceparent`; `None` if it comes more often, for
/// then nobody knows which one is meant.
///
/// ```
/// use xray_core::header::only;
///
/// assert_eq!(only([&b"a"[..]]), Some(&b"a"[..]));
/// assert_eq!(only([&b"a"[..], b"b"]), None);
/// ```
pub fn only<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Option<&'a [u8]> {
    let mut values = values.into_iter();
    values.next().filter(|_| values.next().is_none())
}

/// The values of a header that may come several times, as `tracestate`, as one.
///
/// ```
/// use xray_core::header::joined;
///
/// assert_eq!(joined([&b"a=1"[..], b"", b"b=2"]).unwrap()[..], b"a=1,b=2"[..]);
/// ```
pub fn joined<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Option<Cow<'a, [u8]>> {
    let mut values = values.into_iter().filter(|value| !value.is_empty());
    let mut joined = Cow::Borrowed(values.next()?);
    for value in values {
        let joined = joined.to_mut();
        joined.push(b',');
        joined.extend_from_slice(value);
    }
    Some(joined)
}

/// A `tracestate` to pass on as it came; `None` for one that is malformed or too large.
pub(super) fn tracestate(bytes: &[u8]) -> Option<Arc<str>> {
    let text = std::str::from_utf8(bytes.trim_ascii()).ok()?;
    if text.is_empty() || text.len() > MAX_TRACESTATE_BYTES {
        return None;
    }
    let mut keys: Vec<&str> = Vec::new();
    for member in text.split(',').map(str::trim).filter(|member| !member.is_empty()) {
        let (key, value) = member.split_once('=')?;
        if keys.len() == MAX_TRACESTATE_MEMBERS
            || keys.contains(&key)
            || !is_key(key)
            || !is_value(value)
        {
            return None;
        }
        keys.push(key);
    }
    (!keys.is_empty()).then(|| text.into())
}

fn is_key(key: &str) -> bool {
    let is_part = |part: &str, max| {
        let goes_on = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/');
        part.len() <= max
            && part.bytes().all(goes_on)
            && part.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    match key.split_once('@') {
        None => is_part(key, 256),
        Some((tenant, system)) => is_part(tenant, 241) && is_part(system, 14),
    }
}

fn is_value(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= 256
        && value.bytes().all(|c| matches!(c, b' '..=b'~') && c != b'=')
}

/// The value of up to 32 hex digits in lower case.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some((value << 4) | u128::from(digit))
    })
}
