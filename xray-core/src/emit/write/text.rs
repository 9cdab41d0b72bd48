/// Adds the text and the quote behind it; the one before it is there. `plain` is whether it is known to
/// have nothing to escape.
#[inline]
pub(super) fn push(buffer: &mut Vec<u8>, text: &str, plain: bool) {
    if plain || is_plain(text.as_bytes()) {
        buffer.extend_from_slice(text.as_bytes());
        buffer.push(b'"');
    } else {
        push_escaped(buffer, text);
    }
}

#[cold]
fn push_escaped(buffer: &mut Vec<u8>, text: &str) {
    // It writes both quotes.
    buffer.pop();
    // A text always serialises, and writing to memory does not fail.
    let _ = serde_json::to_writer(buffer, text);
}

/// Whether JSON escapes none of the bytes: as serde has it, control characters, `"` and `\`. Written
/// without a way out in between, so that the compiler looks at many bytes at once.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    !bytes
        .iter()
        .fold(false, |found, &byte| found | (byte < b' ') | (byte == b'"') | (byte == b'\\'))
}

#[cfg(test)]
mod tests {
    use super::push;

    fn written(text: &str) -> String {
        let mut buffer = vec![b'"'];
        push(&mut buffer, text, false);
        String::from_utf8(buffer).unwrap()
    }

    #[test]
    fn every_character_at_every_place() {
        let characters = (0..=0xff).chain([0x2028, 0x2029, 0xfffd, 0xffff, 0x1f600]);
        for character in characters.filter_map(char::from_u32) {
            for before in 0..40 {
                let text = format!("{}{character}{}", "x".repeat(before), "y".repeat(40 - before));
                assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
            }
        }
    }

    #[test]
    fn empty_and_hostile() {
        for text in ["", "\"", "\\", "\0", "\u{7f}", "</script>", "\u{2028}\u{2029}", "é\"é\\é\n"]
        {
            assert_eq!(written(text), serde_json::to_string(text).unwrap());
        }
    }
}
