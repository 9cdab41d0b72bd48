//! Text from elsewhere, made fit for a log line.

use std::error::Error;

/// In characters.
const MAX_TEXT: usize = 240;

/// Cut short, with control characters written out.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .take(MAX_TEXT)
        .flat_map(|c| {
            let escape =
                c.is_control() || matches!(c, '\u{200e}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            let (written, kept) =
                if escape { (Some(c.escape_unicode()), None) } else { (None, Some(c)) };
            written.into_iter().flatten().chain(kept)
        })
        .collect()
}

/// The error and its causes on one line. Repetitions are left out, since many errors tell their cause as well.
pub(super) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let told = cause.to_string();
        if !text.contains(&told) {
            text = format!("{text}: {told}");
        }
        next = cause.source();
    }
    // Some are laid out over several lines.
    plain(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_and_escaped() {
        assert_eq!(plain("a\nb\u{1b}[1m\u{202e}ü"), "a\\u{a}b\\u{1b}[1m\\u{202e}ü");
        assert_eq!(plain(&"x".repeat(1_000)).len(), MAX_TEXT);
    }
}
