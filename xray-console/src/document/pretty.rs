/// Deeper levels are indented like this one.
const DEEPEST: usize = 32;

/// Puts every element of a JSON text on a line of its own, changing nothing but the white space between them.
pub(super) fn indent(json: &[u8]) -> String {
    let mut out = Vec::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut bytes = json.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if in_string {
            out.push(byte);
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'"' => {
                in_string = true;
                out.push(byte);
            }
            b'{' | b'[' => {
                out.push(byte);
                while bytes.next_if(u8::is_ascii_whitespace).is_some() {}
                if let Some(end) = bytes.next_if(|next| matches!(next, b'}' | b']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.extend(std::iter::repeat_n(b' ', 2 * depth.min(DEEPEST)));
}

#[cfg(test)]
mod tests {
    use super::indent;

    #[test]
    fn strings_and_numbers_stay_as_they_are() {
        let text = indent(br#"{"a" :[1.50, {}],"b":"x, {y}\" :","c":[ ]}"#);
        assert_eq!(
            text,
            "{\n  \"a\": [\n    1.50,\n    {}\n  ],\n  \"b\": \"x, {y}\\\" :\",\n  \"c\": []\n}"
        );
    }
}
