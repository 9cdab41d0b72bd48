/// Bytes that are copied at once. Most texts are shorter, and what is too much is dropped again: so
/// many bytes are two moves, while a copy of unknown length is a call.
const AT_ONCE: usize = 32;

/// Adds a text that has nothing to escape: the first `len` bytes of `more`.
#[inline]
pub(super) fn push_plain(buffer: &mut Vec<u8>, more: &[u8], len: usize) {
    match more.first_chunk::<AT_ONCE>() {
        Some(chunk) if len <= AT_ONCE => {
            buffer.extend_from_slice(chunk);
            buffer.truncate(buffer.len() - (AT_ONCE - len));
        }
        _ => buffer.extend_from_slice(&more[..len]),
    }
}

/// Adds a text with what has to be escaped in it.
#[cold]
pub(super) fn push_escaped(buffer: &mut Vec<u8>, text: &str) {
    // Serde writes quotes around it. A text always serialises, and writing to memory does not fail.
    let before = buffer.len();
    let _ = serde_json::to_writer(&mut *buffer, text);
    buffer.pop();
    buffer.remove(before);
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
    use super::*;

    fn written(text: &str) -> String {
        let mut buffer = vec![b'"'];
        match is_plain(text.as_bytes()) {
            true => push_plain(&mut buffer, format!("{text} and more").as_bytes(), text.len()),
            false => push_escaped(&mut buffer, text),
        }
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
    fn empty_and_hostile() {
        for text in ["", "\"", "\\", "\0", "\u{7f}", "</script>", "\u{2028}\u{2029}", "é\"é\\é\n"]
        {
            assert_eq!(written(text), serde_json::to_string(text).unwrap());
        }
    }
}
