/// Says whether `json` nests deeper than `limit` arrays and objects.
///
/// Runs before the parser, so that the parser only ever sees bounded depth. Brackets inside strings do not count.
pub(super) fn exceeds(json: &[u8], limit: usize) -> bool {
    // Most documents do not have so many in all, and counting is quicker by far.
    if json.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() <= limit {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for &byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::exceeds;

    #[test]
    fn counts_brackets_outside_strings_only() {
        assert!(!exceeds(br#"{"a":[1,[2]]}"#, 3));
        assert!(exceeds(br#"{"a":[1,[2]]}"#, 2));
        assert!(!exceeds(br#"{"a":"[[[[[[","b":"\"[[[["}"#, 1));
        assert!(!exceeds(b"}}}}{", 1));
    }
}
