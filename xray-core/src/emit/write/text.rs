/// Bytes that are copied at once. Most texts are shorter, and what is too much is dropped again: so
/// many bytes are two moves, while a copy of unknown length is a call.
const AT_ONCE: usize = 32;

/// Adds the first `len` bytes of `more`, which need no escape; `false` if that has to be done otherwise.
#[inline]
pub(super) fn push_short(buffer: &mut Vec<u8>, more: &[u8], len: usize) -> bool {
    match more.first_chunk::<AT_ONCE>() {
        Some(chunk) if len <= AT_ONCE => {
            buffer.extend_from_slice(chunk);
            buffer.truncate(buffer.len() - (AT_ONCE - len));
            true
        }
        _ => false,
    }
}

/// Adds a text; `plain` is whether it is known that there is nothing to escape.
#[inline(never)]
pub(super) fn push(buffer: &mut Vec<u8>, text: &str, plain: bool) {
    if plain || is_plain(text.as_bytes()) {
        buffer.extend_from_slice(text.as_bytes());
        return;
    }
    // Serde puts it in quotes. A text always serialises, and writing to memory does not fail.
    let before = buffer.len();
    let _ = serde_json::to_writer(&mut *buffer, text);
    buffer.pop();
    buffer.remove(before);
}

/// Whether JSON escapes none of the bytes: as serde has it, control characters, `"` and `\`. Written
/// without a way out in between, so that the compiler looks at many bytes at once.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    let escaped = |byte: u8| (byte < b' ') | (byte == b'"') | (byte == b'\\');
    !bytes.iter().fold(false, |found, &byte| found | escaped(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut buffer = vec![b'"'];
        push(&mut buffer, text, false);
        buffer.push(b'"');
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
    fn what_lies_behind_a_short_text_is_dropped() {
        let more = "x".repeat(AT_ONCE + 1);
        for len in 0..=AT_ONCE {
            let mut buffer = b"before".to_vec();
            assert!(push_short(&mut buffer, more.as_bytes(), len));
            assert_eq!(buffer, format!("before{}", "x".repeat(len)).as_bytes());
        }
        assert!(!push_short(&mut Vec::new(), more.as_bytes(), AT_ONCE + 1));
        assert!(!push_short(&mut Vec::new(), &more.as_bytes()[..AT_ONCE - 1], 1));
    }

    #[test]
    fn empty_and_hostile() {
        for text in ["", "\"", "\\", "\0", "\u{7f}", "</script>", "\u{2028}\u{2029}", "é\"é\\é\n"]
        {
            assert_eq!(written(text), serde_json::to_string(text).unwrap());
        }
    }
}
