use std::{borrow::Cow, ops::Range};

use crate::document::MAX_SQL;

/// Text that is made of a source: a part of the source until it differs, so that a query which is
/// clean is not copied.
#[derive(Debug)]
pub(super) struct Output<'a> {
    source: &'a str,
    /// Bytes of the source that are the output, while there is no copy.
    same: usize,
    copy: Option<String>,
    chars: usize,
    /// The length, in bytes, of the whole tokens that stay within [`MAX_SQL`].
    fit: usize,
}

impl<'a> Output<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self { source, same: 0, copy: None, chars: 0, fit: 0 }
    }

    pub(super) fn as_str(&self) -> &str {
        self.copy.as_deref().unwrap_or(&self.source[..self.same])
    }

    pub(super) fn len(&self) -> usize {
        self.as_str().len()
    }

    pub(super) fn is_over(&self) -> bool {
        self.chars > MAX_SQL
    }

    /// Whether the two parts read the same.
    pub(super) fn equal(&self, one: &Range<usize>, other: &Range<usize>) -> bool {
        let text = self.as_str();
        text.get(one.clone()) == text.get(other.clone())
    }

    /// Adds a token, with a space before it where `apart`; returns where it begins.
    pub(super) fn push(&mut self, token: &str, apart: bool) -> usize {
        if apart && self.len() > 0 {
            self.add(" ");
        }
        let start = self.len();
        self.add(token);
        self.set_fit();
        start
    }

    /// Takes the tokens after `len` bytes back.
    pub(super) fn truncate(&mut self, len: usize) {
        self.chars -= self.as_str()[len..].chars().count();
        match &mut self.copy {
            Some(copy) => copy.truncate(len),
            None => self.same = len,
        }
        self.fit = self.fit.min(len);
        self.set_fit();
    }

    pub(super) fn finish(self) -> Cow<'a, str> {
        match self.copy {
            Some(mut copy) => {
                copy.truncate(self.fit);
                Cow::Owned(copy)
            }
            None => Cow::Borrowed(&self.source[..self.fit]),
        }
    }

    fn add(&mut self, text: &str) {
        self.chars += text.chars().count();
        match &mut self.copy {
            Some(copy) => copy.push_str(text),
            None if self.source[self.same..].starts_with(text) => self.same += text.len(),
            None => self.copy = Some([&self.source[..self.same], text].concat()),
        }
    }

    fn set_fit(&mut self) {
        if !self.is_over() {
            self.fit = self.len();
        }
    }
}
