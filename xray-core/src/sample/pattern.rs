use std::cell::Cell;

/// Whether the whole of `text` matches `pattern`: `*` is any run of characters, `?` exactly one;
/// letter case does not count. The grammar of sampling rules and of dynamic names.
///
/// ```
/// use xray_core::sample::matches;
///
/// assert!(matches("*.EXAMPLE.com", "api.example.com"));
/// assert!(!matches("/orders/?", "/orders/"));
/// ```
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    if pattern.is_ascii() && text.is_ascii() {
        let fold = |byte: u8| byte.to_ascii_lowercase();
        walk(pattern.bytes(), text.bytes(), b'*', b'?', fold)
    } else {
        // The simple lower case of Unicode: one character becomes one.
        walk(pattern.chars(), text.chars(), '*', '?', |c| c.to_lowercase().next().unwrap_or(c))
    }
}

/// Greedy, and back to the last `*` on a mismatch: no recursion, no allocation.
fn walk<T: PartialEq + Copy>(
    mut pattern: impl Iterator<Item = T> + Clone,
    mut text: impl Iterator<Item = T> + Clone,
    any: T,
    one: T,
    fold: impl Fn(T) -> T,
) -> bool {
    let mut star = None;
    loop {
        let mut rest = text.clone();
        let Some(next) = rest.next() else { break };
        let mut ahead = pattern.clone();
        match ahead.next() {
            Some(c) if c == any => {
                pattern = ahead;
                star = Some((pattern.clone(), text.clone()));
            }
            Some(c) if c == one || fold(c) == fold(next) => (pattern, text) = (ahead, rest),
            _ => {
                let Some((after, from)) = &mut star else { return false };
                from.next();
                (pattern, text) = (after.clone(), from.clone());
            }
        }
    }
    pattern.all(|c| c == any)
}

/// A pattern made ready: the usual forms are compared without walking.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    source: Box<str>,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    /// `*`
    Any,
    /// No wildcard; the hash of the text.
    Literal(u64),
    /// One `*` at the end; what the end of the rest looks like.
    Prefix(u64),
    General,
}

/// A text that is compared with many patterns.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    text: &'a str,
    /// Found when it is first wanted.
    hash: Cell<Hash>,
}

#[derive(Clone, Copy, Debug)]
enum Hash {
    Unknown,
    Known(u64),
    /// The text is not all ASCII.
    None,
}

impl<'a> Text<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, hash: Cell::new(Hash::Unknown) }
    }

    /// `None` for a text that is not all ASCII.
    fn hash(&self) -> Option<u64> {
        if matches!(self.hash.get(), Hash::Unknown) {
            let ascii = self.text.is_ascii();
            self.hash.set(if ascii { Hash::Known(hash(self.text.as_bytes())) } else { Hash::None });
        }
        match self.hash.get() {
            Hash::Known(hash) => Some(hash),
            Hash::Unknown | Hash::None => None,
        }
    }
}

impl Pattern {
    pub(crate) fn new(source: &str) -> Self {
        let literal = |text: &str| text.is_ascii() && !text.contains(['*', '?']);
        let form = if source == "*" {
            Form::Any
        } else if literal(source) {
            Form::Literal(hash(source.as_bytes()))
        } else if let Some(prefix) = source.strip_suffix('*').filter(|prefix| literal(prefix)) {
            Form::Prefix(last(prefix.as_bytes()))
        } else {
            Form::General
        };
        Self { source: source.into(), form }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.source
    }

    pub(crate) fn is_any(&self) -> bool {
        matches!(self.form, Form::Any)
    }

    pub(crate) fn matches(&self, text: &Text<'_>) -> bool {
        let (source, bytes) = (self.source.as_bytes(), text.text.as_bytes());
        match self.form {
            Form::Any => true,
            Form::Literal(hash) => match text.hash() {
                Some(found) => found == hash && bytes.eq_ignore_ascii_case(source),
                None => matches(&self.source, text.text),
            },
            Form::Prefix(end) => {
                let prefix = &source[..source.len() - 1];
                let Some(begin) = bytes.get(..prefix.len()) else {
                    // Shorter in bytes, it can still be as long in characters: never for ASCII.
                    return text.hash().is_none() && matches(&self.source, text.text);
                };
                match text.hash() {
                    Some(_) => last(begin) == end && begin.eq_ignore_ascii_case(prefix),
                    None => matches(&self.source, text.text),
                }
            }
            Form::General => matches(&self.source, text.text),
        }
    }
}

/// Letters of both cases alike; some other characters too, so it only tells what cannot be equal.
const FOLD: u64 = 0x2020_2020_2020_2020;

/// Eight bytes, or fewer at the end, folded.
fn word(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(word) => u64::from_le_bytes(*word) | FOLD,
        None => bytes.iter().fold(0, |word, byte| (word << 8) | u64::from(byte | 0x20)),
    }
}

/// The last eight bytes, folded.
fn last(bytes: &[u8]) -> u64 {
    word(&bytes[bytes.len().saturating_sub(8)..])
}

/// Equal for texts that differ in letter case only.
fn hash(bytes: &[u8]) -> u64 {
    // The odd constant of FxHash; what it mixes badly is caught by the comparison that follows.
    let mix =
        |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    bytes.chunks(8).map(word).fold(bytes.len() as u64, mix)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pattern, text, whether it matches: the table of the specification, and more.
    const TABLE: [(&str, &str, bool); 36] = [
        ("", "", true),
        ("", "a", false),
        ("*", "", true),
        ("?", "", false),
        ("a*b?c", "AxxBxC", true),
        ("*/api/*/v?", "/x/api/1/2/v9", true),
        ("**a", "a", true),
        ("a?", "a", false),
        ("*ab", "aab", true),
        ("GET", "get", true),
        ("?", "é", true),
        ("*", "anything", true),
        ("a*b*c", "aXXbYYc", true),
        ("a*b*c", "aXXbYY", false),
        ("??", "é", false),
        ("g?t", "GET", true),
        ("/hot/*", "/HOT/x", true),
        ("/hot/*", "/hot/", true),
        ("/hot/*", "/hot", false),
        ("/hot/*", "/hat/x", false),
        ("/a/long/prefix/*", "/A/LONG/PREFIX/and more", true),
        ("/a/long/prefix/*", "/a/lang/prefix/and more", false),
        ("api.example.com", "API.Example.com", true),
        ("api.example.com", "api.example.com:80", false),
        ("api.example.com", "apo.example.com", false),
        ("a@b", "a`b", false),
        ("[x]*", "{x}y", false),
        ("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaa", false),
        ("ÄB", "äb", true),
        ("a?c*", "abcd", true),
        ("é*", "É and more", true),
        ("k", "\u{212a}", true), // the sign of kelvin is an upper case k
        ("kelvin*", "\u{212a}elvin", true),
        ("kk*", "\u{212a}k", true),
        ("i", "İ", true),
        ("ss", "ß", false),
    ];

    #[test]
    fn table_of_patterns() {
        for (pattern, text, expected) in TABLE {
            assert_eq!(matches(pattern, text), expected, "{pattern:?} {text:?}");
            let ready = Pattern::new(pattern).matches(&Text::new(text));
            assert_eq!(ready, expected, "{pattern:?} {text:?}, made ready");
        }
    }

    #[test]
    fn many_stars_end_soon() {
        let pattern = "a*".repeat(40) + "b";
        let text = "a".repeat(200);
        // Backtracking without bound would not end while this test lives.
        assert!(!matches(&pattern, &text) && !Pattern::new(&pattern).matches(&Text::new(&text)));
        assert!(matches(&"a*".repeat(40), &text));
    }

    #[test]
    fn what_is_made_ready_matches_as_what_is_not() {
        let letters = ["a", "A", "b", "*", "?", "/", "é", "É", "\u{212a}", "k", "", "abcdefgh"];
        let text = || -> String {
            (0..rand::random_range(0..5))
                .map(|_| letters[rand::random_range(0..letters.len())])
                .collect()
        };
        for _ in 0..20_000 {
            let (pattern, text) = (text(), text());
            let ready = Pattern::new(&pattern).matches(&Text::new(&text));
            assert_eq!(ready, matches(&pattern, &text), "{pattern:?} {text:?}");
        }
    }
}
