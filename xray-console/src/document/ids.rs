use std::fmt;

/// A trace id as a number: the 8 digits of the time above the 24 random ones.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TraceKey(u128);

impl TraceKey {
    /// Accepts `1-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx` in either case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (time, random) = text.strip_prefix("1-")?.split_once('-')?;
        if time.len() != 8 {
            return None;
        }
        let random = hex(random, 24)?;
        Some(Self(hex(time, 8)? << 96 | random))
    }
}

impl fmt::Display for TraceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1-{:08x}-{:024x}", self.0 >> 96, self.0 & ((1 << 96) - 1))
    }
}

impl fmt::Debug for TraceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The id of a segment, subsegment or exception. All zeros is what an SDK writes when there is none.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct EntityId(u64);

impl EntityId {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        hex(text, 16).and_then(|value| u64::try_from(value).ok()).map(Self)
    }

    pub(crate) const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `from_str_radix` would accept a sign, and takes longer.
fn hex(text: &str, digits: usize) -> Option<u128> {
    if text.len() != digits {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).map(u128::from);
    text.bytes().try_fold(0, |value, byte| Some(value << 4 | digit(byte)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_ids_print_as_they_were_written() {
        let text = "1-5759e988-bd862e3fe1be46a994272793";
        assert_eq!(TraceKey::parse(text).unwrap().to_string(), text);
        assert_eq!(TraceKey::parse(&text.to_uppercase()).unwrap().to_string(), text);
    }

    #[test]
    fn malformed_ids_are_refused() {
        for text in [
            "",
            "1-",
            "1-5759e988",
            "2-5759e988-bd862e3fe1be46a994272793",
            "1-5759e988-bd862e3fe1be46a99427279",
            "1-+759e988-bd862e3fe1be46a994272793",
        ] {
            assert!(TraceKey::parse(text).is_none(), "{text}");
        }
        assert!(EntityId::parse("+3995c3f42cd8ad8").is_none());
        assert!(EntityId::parse("53995c3f42cd8ad").is_none());
    }
}
