use std::{
    borrow::Cow,
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, PoisonError},
};

use super::{MAX_NAME, limits::cut};

/// Names and keys of which it is remembered that they were warned of; no more warnings after that many.
const REMEMBERED: usize = 1_000;

/// `name` with the characters X-Ray does not take removed, at most 200 characters; `fallback` if
/// nothing is left.
pub(crate) fn clean_name<'a>(name: &'a str, fallback: &'a str) -> Cow<'a, str> {
    if is_plain(name) {
        return Cow::Borrowed(name);
    }
    if !is_name(name) {
        if is_news(name) {
            crate::logging::warning!(
                "a name without a character that X-Ray takes is {fallback:?} now"
            );
        }
        return Cow::Borrowed(fallback);
    }
    if name.chars().all(is_name_char) {
        return Cow::Borrowed(cut(name, MAX_NAME));
    }
    let kept: String = name.chars().filter(|&c| is_name_char(c)).take(MAX_NAME).collect();
    if is_news(name) {
        crate::logging::warning!(
            "characters that X-Ray does not take removed from the name {kept:?}"
        );
    }
    Cow::Owned(kept)
}

/// What a byte may be in a name that stays as it is.
const PLAIN: u8 = 1;
const GRAPHIC: u8 = 2;
static KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    kinds[b' ' as usize] = PLAIN;
    let mut byte = 0;
    while byte < 128 {
        if (byte as u8).is_ascii_alphanumeric() {
            kinds[byte] = PLAIN | GRAPHIC;
        }
        byte += 1;
    }
    let others = b"_.:/%&#=+\\-@";
    let mut at = 0;
    while at < others.len() {
        kinds[others[at] as usize] = PLAIN | GRAPHIC;
        at += 1;
    }
    kinds
}

/// Whether it stays as it is, and is made of what nearly all names are made of.
fn is_plain(name: &str) -> bool {
    let (all, any) = name.bytes().fold((PLAIN, 0), |(all, any), byte| {
        let kind = KINDS[byte as usize];
        (all & kind, any | kind)
    });
    all == PLAIN && any & GRAPHIC != 0 && name.len() <= MAX_NAME
}

/// Whether something is left of the name.
pub(crate) fn is_name(name: &str) -> bool {
    let mut kept = name.chars().filter(|&c| is_name_char(c)).take(MAX_NAME);
    kept.any(|c| !c.is_whitespace())
}

/// Whether this name was not warned of before, and there is room to remember that it is now.
pub(super) fn is_news(name: &str) -> bool {
    static WARNED: Mutex<BTreeSet<u64>> = Mutex::new(BTreeSet::new());
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let mut warned = WARNED.lock().unwrap_or_else(PoisonError::into_inner);
    warned.len() < REMEMBERED && warned.insert(hasher.finish())
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || c.is_whitespace() || "_.:/%&#=+\\-@".contains(c)
}

#[cfg(test)]
mod tests {
    use super::{clean_name, is_news};

    #[test]
    fn name_set() {
        assert_eq!(clean_name("a?b;c*d(e)f!g$h~i^j<k>l|m{n}[o]", "f"), "abcdefghijklmno");
        assert_eq!(clean_name(&"é".repeat(250), "f"), "é".repeat(200));
        assert_eq!(clean_name("orders:8080/a_b.c%&#=+\\-@ x", "f"), "orders:8080/a_b.c%&#=+\\-@ x");
    }

    #[test]
    fn nothing_left_falls_back() {
        assert_eq!(clean_name("", "orders"), "orders");
        assert_eq!(clean_name(" ?! ", "orders"), "orders");
        assert_eq!(clean_name(&(" ".repeat(200) + "late"), "orders"), "orders");
    }

    #[test]
    fn warns_of_a_name_once() {
        assert!(is_news("what a name!"));
        assert!(!is_news("what a name!"));
        assert!(is_news("what another name!"));
    }
}
