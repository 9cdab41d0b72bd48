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
    /// No wildcard.
    Literal,
    /// One `*`, at the end.
    Prefix,
    General,
}

/// A text that is compared with many patterns.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    text: &'a str,
    /// What is not is compared by walking only.
    ascii: bool,
}

impl<'a> Text<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, ascii: text.is_ascii() }
    }

    /// What hints are compared with; `None` where they say nothing.
    pub(crate) fn at_a_glance(&self) -> Option<(&'a [u8], u64)> {
        let bytes = self.text.as_bytes();
        self.ascii.then(|| (bytes, hash(bytes)))
    }
}

/// What rules a pattern out at a glance. It never rules out a text that matches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hint {
    /// The whole text's hash where `mask` is set, for a pattern without wildcards.
    hash: u64,
    mask: u64,
    /// What the eight bytes before `end` look like, for one that ends in `*`; no such pattern if that is 0.
    last: u64,
    end: usize,
}

impl Hint {
    const NONE: Self = Self { hash: 0, mask: 0, last: 0, end: 0 };

    pub(crate) fn says_something(&self) -> bool {
        self.mask != 0 || self.end != 0
    }

    /// `hash` is that of the text, which is all ASCII.
    #[inline]
    pub(crate) fn rules_out(&self, text: &[u8], hash: u64) -> bool {
        (hash ^ self.hash) & self.mask != 0 || (self.end != 0 && self.rules_out_begin(text))
    }

    #[inline]
    fn rules_out_begin(&self, text: &[u8]) -> bool {
        let begin = text.get(..self.end);
        begin.and_then(<[u8]>::last_chunk).is_none_or(|last| folded(last) != self.last)
    }
}

impl Pattern {
    pub(crate) fn new(source: &str) -> Self {
        let literal = |text: &str| text.is_ascii() && !text.contains(['*', '?']);
        let form = if source == "*" {
            Form::Any
        } else if literal(source) {
            Form::Literal
        } else if source.strip_suffix('*').is_some_and(literal) {
            Form::Prefix
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
            Form::Literal if text.ascii => bytes.eq_ignore_ascii_case(source),
            Form::Prefix if text.ascii => {
                let prefix = &source[..source.len() - 1];
                let begin = bytes.get(..prefix.len());
                begin.is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
            }
            Form::Literal | Form::Prefix | Form::General => matches(&self.source, text.text),
        }
    }

    pub(crate) fn hint(&self) -> Hint {
        let source = self.source.as_bytes();
        match self.form {
            Form::Literal => Hint { hash: hash(source), mask: u64::MAX, ..Hint::NONE },
            Form::Prefix => {
                let prefix = &source[..source.len() - 1];
                let last = prefix.last_chunk().map(folded);
                last.map_or(Hint::NONE, |last| Hint { last, end: prefix.len(), ..Hint::NONE })
            }
            Form::Any | Form::General => Hint::NONE,
        }
    }
}

/// Letters of both cases alike; some other characters too, so it only tells what cannot be equal.
fn folded(word: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*word) | 0x2020_2020_2020_2020
}

/// Equal for texts that differ in letter case only.
fn hash(bytes: &[u8]) -> u64 {
    // The odd constant of FxHash; what it mixes badly is caught by the comparison that follows.
    let mix =
        |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    let (words, rest) = bytes.as_chunks();
    let hash = words.iter().map(folded).fold(bytes.len() as u64, mix);
    let rest = rest.iter().fold(0, |word, byte| (word << 8) | u64::from(byte | 0x20));
    mix(hash, rest)
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

    fn ruled_out(pattern: &str, text: &str) -> bool {
        let hint = Pattern::new(pattern).hint();
        Text::new(text).at_a_glance().is_some_and(|(text, hash)| hint.rules_out(text, hash))
    }

    #[test]
    fn hints_rule_out_most() {
        for (pattern, text) in [
            ("api.example.com", "apo.example.com"),
            ("/service-07/*", "/service-08/x"),
            ("/service-07/*", "/service-07"),
        ] {
            assert!(ruled_out(pattern, text), "{pattern:?} {text:?}");
        }
    }

    #[test]
    fn table_of_patterns() {
        for (pattern, text, expected) in TABLE {
            assert_eq!(matches(pattern, text), expected, "{pattern:?} {text:?}");
            let ready = Pattern::new(pattern).matches(&Text::new(text));
            assert_eq!(ready, expected, "{pattern:?} {text:?}, made ready");
            assert!(!(ruled_out(pattern, text) && expected), "{pattern:?} {text:?}, at a glance");
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
            let expected = matches(&pattern, &text);
            assert_eq!(ready, expected, "{pattern:?} {text:?}");
            assert!(!(ruled_out(&pattern, &text) && expected), "{pattern:?} {text:?}");
        }
    }
}
