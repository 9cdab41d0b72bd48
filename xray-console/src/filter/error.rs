//! The error of a filter text: where, what, what instead.

use std::fmt;

/// Why a filter text was refused.
///
/// The text of the message may change; [`offset`](Self::offset) and
/// [`expected`](Self::expected) are for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilterError {
    offset: usize,
    problem: String,
    expected: Vec<&'static str>,
    suggestion: Option<&'static str>,
    unsupported: bool,
}

impl FilterError {
    pub(super) fn new(offset: usize, problem: impl Into<String>) -> Self {
        Self {
            offset,
            problem: problem.into(),
            expected: Vec::new(),
            suggestion: None,
            unsupported: false,
        }
    }

    /// The text is right, but this release cannot evaluate it.
    pub(super) fn unsupported(offset: usize, what: &str) -> Self {
        Self { unsupported: true, ..Self::new(offset, format!("{what} is not supported yet")) }
    }

    pub(super) fn expected(mut self, expected: &[&'static str]) -> Self {
        self.expected = expected.to_vec();
        self
    }

    /// Names the nearest of the words, if one is near.
    pub(super) fn suggest(mut self, word: &str, words: impl Iterator<Item = &'static str>) -> Self {
        self.suggestion = nearest(word, words);
        self
    }

    /// The byte of the text at which the problem stands; at most the text's length, and on a
    /// character's boundary unless the text is too long.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// What could have stood there; empty if that is not the question.
    pub(crate) fn expected_set(&self) -> &[&'static str] {
        &self.expected
    }

    /// The word that was probably meant.
    pub(crate) fn suggestion(&self) -> Option<&'static str> {
        self.suggestion
    }

    /// Whether the text is correct X-Ray that this release does not evaluate.
    pub(crate) fn is_unsupported(&self) -> bool {
        self.unsupported
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.problem, self.offset)?;
        for (position, word) in self.expected.iter().enumerate() {
            let joint = match position {
                0 => ": expected ",
                _ if position + 1 == self.expected.len() => " or ",
                _ => ", ",
            };
            write!(f, "{joint}{word}")?;
        }
        if let Some(word) = self.suggestion {
            write!(f, "; did you mean `{word}`?")?;
        }
        Ok(())
    }
}

impl std::error::Error for FilterError {}

/// A piece of the user's text that is safe to repeat: short, on one line, quoted.
pub(super) fn excerpt(text: &str) -> String {
    const LIMIT: usize = 32;
    let short: String = text.chars().take(LIMIT).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("`{}{more}`", short.escape_debug())
}

fn nearest(word: &str, words: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    const LONGEST: usize = 40;
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_ascii_lowercase();
    let limit = (word.len() / 3).min(3);
    words
        .map(|known| (strsim::osa_distance(&word, known), known))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}
