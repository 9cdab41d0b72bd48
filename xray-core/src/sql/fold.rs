use std::{borrow::Cow, ops::Range};

use super::{
    output::Output,
    scan::{Kind, Token},
};

/// Writes tokens without values, and lists of values as one.
///
/// An element is written as it comes and taken back at its end if it reads the same as the one
/// before, so nothing is looked at twice.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    output: Output<'a>,
    gap: bool,
    /// The token before was the keyword before a list.
    keyword: Option<Keyword>,
    list: Option<List>,
    sign: Sign,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keyword {
    In,
    Values,
}

/// A list that is being written; the last one that began.
#[derive(Debug)]
struct List {
    keyword: Keyword,
    /// Open parentheses within the list.
    depth: u32,
    element: Option<Element>,
    previous: Option<Range<usize>>,
}

#[derive(Clone, Copy, Debug)]
struct Element {
    start: usize,
    /// A value was replaced in it.
    literal: bool,
}

/// The sign of a value, which goes with the value in a list.
#[derive(Clone, Copy, Debug)]
enum Sign {
    None,
    /// The next token may be a sign.
    Possible,
    /// One stands here.
    At(usize),
}

impl<'a> Writer<'a> {
    pub(super) fn new(query: &'a str) -> Self {
        let output = Output::new(query);
        Self { output, gap: false, keyword: None, list: None, sign: Sign::None }
    }

    /// Whether nothing that comes can change the result.
    pub(super) fn is_full(&self) -> bool {
        self.output.is_over() && self.list.is_none()
    }

    pub(super) fn write(&mut self, token: Token<'_>) {
        if token.kind == Kind::Gap {
            self.gap = true;
            return;
        }
        let keyword = self.keyword.take();
        match token.text {
            "," | ")" | ";" => self.end_element(token.text),
            "(" if keyword == Some(Keyword::Values) => self.list = Some(List::new(Keyword::Values)),
            _ => {}
        }
        let start = self.push(token);
        match token.text {
            "(" if keyword == Some(Keyword::In) => self.list = Some(List::new(Keyword::In)),
            "," if self.list.as_ref().is_some_and(|list| list.depth == 0) => {}
            _ => self.grow(token, start),
        }
        if token.kind == Kind::Word {
            self.keyword = keyword_of(token.text);
        }
        let list = self.list.is_some();
        self.sign = match (token.text, self.sign) {
            ("(" | ",", _) if list => Sign::Possible,
            ("+" | "-", Sign::Possible) => Sign::At(start),
            _ => Sign::None,
        };
    }

    pub(super) fn finish(mut self) -> Cow<'a, str> {
        if self.list.as_ref().is_some_and(|list| list.depth == 0) {
            self.fold();
        }
        self.output.finish()
    }

    fn push(&mut self, token: Token<'_>) -> usize {
        let apart = std::mem::take(&mut self.gap);
        if token.kind != Kind::Literal {
            return self.output.push(token.text, apart);
        }
        if let Sign::At(sign) = self.sign {
            self.output.truncate(sign);
            return self.output.push("?", false);
        }
        self.output.push("?", apart)
    }

    /// Before a token that may end an element of the list, or the list.
    fn end_element(&mut self, token: &str) {
        let Some(list) = &self.list else { return };
        if list.depth > 0 {
            return;
        }
        self.fold();
        if token != "," {
            self.list = None;
        }
    }

    /// After a token that belongs to an element of the list.
    fn grow(&mut self, token: Token<'_>, start: usize) {
        let Some(list) = &mut self.list else { return };
        let rows = list.keyword == Keyword::Values;
        if rows && list.depth == 0 && token.text != "(" {
            // What follows the last row.
            self.list = None;
            return;
        }
        let element = list.element.get_or_insert(Element { start, literal: false });
        element.literal |= token.kind == Kind::Literal;
        match token.text {
            "(" => list.depth += 1,
            ")" => list.depth -= 1,
            _ => {}
        }
        if rows && list.depth == 0 {
            self.fold();
        }
    }

    /// Takes the element that has ended back if it reads the same as the one before. One without
    /// values stays: parameters are the statement's own.
    fn fold(&mut self) {
        let Some(list) = &mut self.list else { return };
        let Some(Element { start, literal }) = list.element.take() else { return };
        let element = start..self.output.len();
        match &list.previous {
            Some(previous) if literal && self.output.equal(previous, &element) => {
                self.output.truncate(previous.end);
            }
            _ => list.previous = Some(element),
        }
    }
}

impl List {
    fn new(keyword: Keyword) -> Self {
        Self { keyword, depth: 0, element: None, previous: None }
    }
}

fn keyword_of(word: &str) -> Option<Keyword> {
    if word.eq_ignore_ascii_case("in") {
        Some(Keyword::In)
    } else if word.eq_ignore_ascii_case("values") {
        Some(Keyword::Values)
    } else {
        None
    }
}
