/// Bytes of one datagram, header line included: 63 KiB. The daemon reads at most 64 KiB; the
/// official Java SDK splits at this size.
pub const MAX_DATAGRAM: usize = 63 * 1024;

/// Characters of a name ("X-Ray segment documents").
pub const MAX_NAME: usize = 200;

/// Characters of `user` and `origin`; "X-Ray segment documents" gives 250 for strings in general.
pub const MAX_SHORT_TEXT: usize = 250;

/// Annotations of a trace that X-Ray indexes ("X-Ray segment documents").
pub const MAX_ANNOTATIONS: usize = 50;

/// Characters of an annotation's key, as the OpenTelemetry exporter has it.
pub const MAX_ANNOTATION_KEY: usize = 500;

/// Characters of an annotation's text value ("X-Ray segment documents").
pub const MAX_ANNOTATION_VALUE: usize = 1000;

/// Characters of a recorded query; ours, so that one statement cannot fill a document.
pub const MAX_SQL: usize = 4096;

/// Characters of a URL, of an error's message and of other texts that strangers may choose; ours, so
/// that none of them can fill a document, which would then be lost.
pub const MAX_TEXT: usize = 4096;

/// Levels of subsegments in one document; ours. Deeper ones leave in documents of their own.
pub const MAX_DEPTH: u32 = 32;

/// Characters of a metadata key and of its namespace; ours.
pub const MAX_METADATA_KEY: usize = 500;

/// Levels of arrays and objects in one metadata value; ours.
pub const MAX_METADATA_DEPTH: usize = 32;

/// Bytes of one metadata value as JSON: 1 MiB; ours. What is over a datagram is trimmed anyway.
pub const MAX_METADATA: usize = 1024 * 1024;

/// Links of a trace to others; X-Ray follows those of one segment to 20 traces ("Tracing event-driven
/// applications").
pub const MAX_LINKS: usize = 100;

/// Links of an error's `source()` chain that are described, as in the official SDKs' practice.
pub const MAX_EXCEPTION_CHAIN: usize = 10;

/// `text`, no longer than `chars` characters, cut at a character boundary.
#[inline]
pub(crate) fn cut(text: &str, chars: usize) -> &str {
    // A character is at least a byte, so most texts need no walk.
    if text.len() <= chars { text } else { cut_long(text, chars) }
}

#[cold]
fn cut_long(text: &str, chars: usize) -> &str {
    text.char_indices().nth(chars).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn cuts_between_characters() {
        assert_eq!(cut("éééé", 3), "ééé");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("", 3), "");
    }
}
