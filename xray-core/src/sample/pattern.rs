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
        let fold = |byte: &u8| byte.to_ascii_lowercase();
        walk(pattern.as_bytes(), text.as_bytes(), &b'*', &b'?', fold)
    } else {
        let pattern: Vec<char> = pattern.chars().collect();
        let text: Vec<char> = text.chars().collect();
        walk(&pattern, &text, &'*', &'?', |c| c.to_lowercase().next().unwrap_or(*c))
    }
}

/// Greedy, and back to the last `*` on a mismatch: no recursion, no allocation.
fn walk<T: PartialEq>(pattern: &[T], text: &[T], any: &T, one: &T, fold: impl Fn(&T) -> T) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(c) if c == any => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if c == one || fold(c) == fold(&text[t]) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((back_p, back_t)) = &mut star else { return false };
                *back_t += 1;
                p = *back_p + 1;
                t = *back_t;
            }
        }
    }
    pattern[p..].iter().all(|c| c == any)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn table_of_patterns() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything", true),
            ("a*b*c", "aXXbYYc", true),
            ("a*b*c", "aXXbYY", false),
            ("?", "", false),
            ("?", "é", true),
            ("??", "é", false),
            ("g?t", "GET", true),
            ("/hot/*", "/HOT/x", true),
            ("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaa", false),
            ("ÄB", "äb", true),
            ("a?c*", "abcd", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern:?} {text:?}");
        }
    }
}
