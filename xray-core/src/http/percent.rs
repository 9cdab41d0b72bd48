/// `text` with its percent signs decoded. What decodes nothing stays, and what is no UTF-8 is replaced.
pub(super) fn percent_decoded(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        match decoded(rest) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

fn decoded(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    Some((digit(high)? * 16 + digit(low)?) as u8)
}

#[cfg(test)]
mod tests {
    use super::percent_decoded;

    #[test]
    fn table_of_texts() {
        for (text, expected) in [
            ("", ""),
            ("no such order", "no such order"),
            ("100%25", "100%"),
            ("caf%C3%A9", "café"),
            ("%e2%82%ac", "€"),
            ("%", "%"),
            ("%4", "%4"),
            ("%4g", "%4g"),
            ("%%41", "%A"),
            ("%+1", "%+1"),
            ("%FF!", "\u{fffd}!"),
        ] {
            assert_eq!(percent_decoded(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(percent_decoded(b"\xc3\xa9 \xff"), "é \u{fffd}");
    }
}
