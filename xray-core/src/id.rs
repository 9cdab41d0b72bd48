use std::{
    fmt,
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Serialize, Serializer};

use crate::{Error, random::random};

/// The id that all segments of one trace share: `1-`, 8 hex digits of epoch seconds, `-`, 24 random
/// hex digits.
///
/// X-Ray refuses ids whose time is more than 30 days old.
///
/// ```
/// use xray_core::TraceId;
///
/// let id: TraceId = "1-5759E988-bd862e3fe1be46a994272793".parse()?;
/// assert_eq!(id.to_string(), "1-5759e988-bd862e3fe1be46a994272793");
/// assert_eq!(id.epoch_seconds(), 0x5759_e988);
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId {
    // The 128 bits as two words keep the alignment, and so every struct that holds an id, small.
    high: u64,
    low: u64,
}

impl TraceId {
    /// The id of a trace that nobody records: all zeros.
    pub const NOOP: Self = Self { high: 0, low: 0 };

    /// Length of the text form.
    pub const TEXT_LEN: usize = 35;

    /// A new id: now, and 96 bits of the thread's cryptographic generator, since clients see it.
    #[must_use]
    pub fn random() -> Self {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        Self::with_time(seconds)
    }

    /// A new id for a trace that began `seconds` after the epoch (mod 2^32, as the format has it).
    pub(crate) fn with_time(seconds: u64) -> Self {
        let (upper, low) = random();
        Self::from_parts(seconds, upper, low)
    }

    pub(crate) fn from_parts(seconds: u64, upper: u32, low: u64) -> Self {
        Self { high: (seconds << 32) | u64::from(upper), low }
    }

    /// The id's 128 bits, as W3C's `traceparent` has them.
    pub(crate) fn bits(self) -> u128 {
        (u128::from(self.high) << 64) | u128::from(self.low)
    }

    /// The id's 128 bits as two words.
    pub(crate) fn words(self) -> [u64; 2] {
        [self.high, self.low]
    }

    /// The id of these two words.
    pub(crate) fn from_words([high, low]: [u64; 2]) -> Self {
        Self { high, low }
    }

    /// The id of these 128 bits.
    pub(crate) fn from_bits(bits: u128) -> Self {
        Self { high: (bits >> 64) as u64, low: bits as u64 }
    }

    /// The time part of the id, in seconds since the epoch.
    #[must_use]
    pub fn epoch_seconds(self) -> u32 {
        (self.high >> 32) as u32
    }

    /// Whether this is [`TraceId::NOOP`].
    #[must_use]
    pub fn is_noop(self) -> bool {
        self == Self::NOOP
    }
}

impl FromStr for TraceId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse_trace_id(text).ok_or_else(|| {
            Error::parse(
                "invalid trace id: expected `1-`, 8 hex digits, `-` and 24 hex digits (35 characters)",
            )
        })
    }
}

fn parse_trace_id(text: &str) -> Option<TraceId> {
    let bytes = text.as_bytes();
    if bytes.len() != TraceId::TEXT_LEN || !bytes.starts_with(b"1-") || bytes[10] != b'-' {
        return None;
    }
    let time = hex(&bytes[2..10])?;
    let upper = hex(&bytes[11..19])?;
    let low = hex(&bytes[19..35])?;
    Some(TraceId { high: (time << 32) | upper, low })
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (high, low) = (digits(self.high), digits(self.low));
        let mut text = [b'-'; Self::TEXT_LEN];
        text[0] = b'1';
        text[2..10].copy_from_slice(&high[..8]);
        text[11..19].copy_from_slice(&high[8..]);
        text[19..].copy_from_slice(&low);
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

impl Serialize for TraceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The id of a segment, a subsegment or an exception: 16 hex digits, unique within its trace.
///
/// ```
/// use xray_core::SegmentId;
///
/// let id: SegmentId = "53995c3f42cd8ad8".parse()?;
/// assert_eq!(id.to_string(), "53995c3f42cd8ad8");
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentId(u64);

impl SegmentId {
    /// The id of an entity that nobody records: all zeros.
    pub const NOOP: Self = Self(0);

    /// A new id of 64 random bits, never zero.
    #[must_use]
    pub fn random() -> Self {
        loop {
            let bits = random();
            if bits != 0 {
                return Self(bits);
            }
        }
    }

    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    /// Whether this is [`SegmentId::NOOP`].
    #[must_use]
    pub fn is_noop(self) -> bool {
        self == Self::NOOP
    }
}

impl FromStr for SegmentId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        (text.len() == 16)
            .then(|| hex(text.as_bytes()))
            .flatten()
            .map(Self)
            .ok_or_else(|| Error::parse("invalid segment id: expected 16 hex digits"))
    }
}

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&digits(self.0)).unwrap_or_default())
    }
}

impl fmt::Debug for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SegmentId({self})")
    }
}

impl Serialize for SegmentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The 16 hex digits of a number.
fn digits(number: u64) -> [u8; 16] {
    number.to_be_bytes().map(|byte| [byte >> 4, byte & 15]).as_flattened().try_into().map_or(
        [b'0'; 16],
        |halves: [u8; 16]| {
            halves.map(|half| if half < 10 { b'0' + half } else { b'a' - 10 + half })
        },
    )
}

/// The value of up to 16 hex digits of either case; `None` for anything else, signs included.
fn hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |value, &digit| {
        let digit = (digit as char).to_digit(16)?;
        Some((value << 4) | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ids_are_valid_and_differ() {
        let (one, two) = (TraceId::random(), TraceId::random());
        assert_ne!(one, two);
        assert_eq!(one.to_string().parse::<TraceId>().unwrap(), one);
        let id = SegmentId::random();
        assert_eq!(id.to_string().parse::<SegmentId>().unwrap(), id);
    }

    #[test]
    fn early_times_are_padded() {
        let id = TraceId::with_time(0x1f);
        assert!(id.to_string().starts_with("1-0000001f-"));
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in [
            "",
            "1-5759e988-bd862e3fe1be46a99427279",
            "1-5759e988-bd862e3fe1be46a9942727930",
            "2-5759e988-bd862e3fe1be46a994272793",
            "1-5759e988xbd862e3fe1be46a994272793",
            "1-+759e988-bd862e3fe1be46a994272793",
            "1-5759e988-bd862e3fe1be46a99427279é",
        ] {
            assert!(text.parse::<TraceId>().is_err(), "{text}");
        }
        for text in ["", "53995c3f42cd8ad", "53995c3f42cd8ad8a", "+3995c3f42cd8ad8"] {
            assert!(text.parse::<SegmentId>().is_err(), "{text}");
        }
    }
}
