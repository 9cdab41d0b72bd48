//! Making hostile text fit to be shown.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Texts beyond this many characters are cut where a page shows them.
pub(crate) const SHOWN: usize = 300;

/// Control characters and those that reorder or hide text, written out as `\u{202e}`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        if is_hidden(char) {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(char));
        } else {
            shown.push(char);
        }
    }
    Cow::Owned(shown)
}

/// At most `limit` characters of the text, made [`visible`], with an ellipsis where it was cut.
pub(crate) fn shown(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => visible(text),
        Some((cut, _)) => Cow::Owned(visible(&text[..cut]).into_owned() + "…"),
    }
}

/// The start of a refused body, with what looks like a secret masked.
pub(crate) fn excerpt(body: &[u8]) -> String {
    const BYTES: usize = 400;
    const CHARS: usize = 240;
    let head = &body[..body.len().min(BYTES)];
    let mut text = mask(&String::from_utf8_lossy(head));
    if body.len() > BYTES {
        text.push('…');
    }
    shown(&text, CHARS).into_owned()
}

fn is_hidden(char: char) -> bool {
    (char.is_control() && char != '\n' && char != '\t')
        || matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Replaces the quoted value behind every key that sounds like a secret.
fn mask(text: &str) -> String {
    const SECRET: [&str; 6] = ["authorization", "password", "passwd", "secret", "token", "cookie"];
    let mut masked = String::with_capacity(text.len());
    let mut secret = false;
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            masked.push('"');
        }
        let quoted = index % 2 == 1;
        if quoted && secret {
            masked.push_str("***");
            secret = false;
        } else {
            masked.push_str(part);
            let lower = part.to_ascii_lowercase();
            // The colon between a key and its value leaves the mark standing, all else clears it.
            secret = if quoted {
                SECRET.iter().any(|word| lower.contains(word))
            } else {
                secret && part.trim() == ":"
            };
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_written_out() {
        assert_eq!(visible("plain é"), "plain é");
        assert_eq!(visible("a\0b\u{202e}c"), "a\\u{0}b\\u{202e}c");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(shown("ééé", 2), "éé…");
        assert_eq!(shown("ééé", 3), "ééé");
    }

    #[test]
    fn excerpts_hide_secrets_and_stay_short() {
        let text = excerpt(br#"{"Authorization" : "Bearer abc","name":"x","token":"t"}"#);
        assert_eq!(text, r#"{"Authorization" : "***","name":"x","token":"***"}"#);
        assert!(excerpt(&[b'x'; 70_000]).chars().count() <= 241);
    }
}
