use super::Dialect;

/// What a part of a query is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// White space, a comment, or the rest after an unfinished one.
    Gap,
    /// A value, or the rest after a quote that is never closed.
    Literal,
    /// A keyword or a name without quotes.
    Word,
    /// A quoted name, a parameter, an operator, punctuation.
    Other,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
}

/// Cuts a query into tokens that join to the query again: each looks at its own bytes and at no more
/// than a few after them, so the work is linear in the length.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    query: &'a str,
    at: usize,
    dialect: Dialect,
    /// Only white space and comments since an `E'…'`: a string that follows continues it.
    escaping: bool,
    /// Inside MySQL's `/*! … */`, which holds code.
    conditional: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(query: &'a str, dialect: Dialect) -> Self {
        Self { query, at: 0, dialect, escaping: false, conditional: false }
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = &self.query[self.at..];
        let (kind, len) = self.token(rest, rest.chars().next()?);
        if !matches!(kind, Kind::Gap | Kind::Literal) {
            self.escaping = false;
        }
        self.at += len;
        Some(Token { kind, text: &rest[..len] })
    }
}

impl Scanner<'_> {
    fn token(&mut self, rest: &str, first: char) -> (Kind, usize) {
        use Dialect::{Generic, MsSql, MySql, Sqlite};
        let next = rest.as_bytes().get(1).copied();
        match first {
            _ if first.is_whitespace() => (Kind::Gap, run(rest, char::is_whitespace)),
            '-' if next == Some(b'-') && self.dashes_comment(rest) => (Kind::Gap, self.line(rest)),
            '#' if self.dialect == MySql => (Kind::Gap, self.line(rest)),
            '/' if next == Some(b'*') => (Kind::Gap, self.block_comment(rest)),
            '*' if next == Some(b'/') && self.conditional => {
                self.conditional = false;
                (Kind::Gap, 2)
            }
            '\'' => (Kind::Literal, self.string(rest, 0)),
            '"' if self.dialect == MySql => (Kind::Literal, quoted(rest, 1, b'"', true).0),
            '"' => name(rest, b'"'),
            '`' if matches!(self.dialect, Generic | MySql | Sqlite) => name(rest, b'`'),
            '[' if matches!(self.dialect, MsSql | Sqlite) => name(rest, b']'),
            '$' => self.dollar(rest, next),
            '?' => (Kind::Other, 1 + run(&rest[1..], |c| c.is_ascii_digit())),
            ':' | '@' => (Kind::Other, self.parameter(rest, first)),
            '0'..='9' => (Kind::Literal, number(rest)),
            '.' if next.is_some_and(|c| c.is_ascii_digit()) && !self.follows_name() => {
                (Kind::Literal, number(rest))
            }
            _ if is_word(first) => self.word(rest),
            _ => (Kind::Other, first.len_utf8()),
        }
    }

    /// MySQL takes `--` for a comment only before white space, since `5--3` is 8.
    fn dashes_comment(&self, rest: &str) -> bool {
        let after = rest[2..].chars().next();
        self.dialect != Dialect::MySql
            || after.is_none_or(|after| after.is_whitespace() || after.is_control())
    }

    fn line(&self, rest: &str) -> usize {
        let ends = |c| c == '\n' || (c == '\r' && self.dialect.is_postgres_like());
        rest.find(ends).unwrap_or(rest.len())
    }

    fn block_comment(&mut self, rest: &str) -> usize {
        if self.dialect == Dialect::MySql && rest.starts_with("/*!") {
            self.conditional = true;
            // The version from which on the code counts: five or six digits.
            let digits = run(&rest[3..], |c| c.is_ascii_digit());
            return 3 + if digits < 5 { 0 } else { digits.min(6) };
        }
        let nests = !matches!(self.dialect, Dialect::MySql | Dialect::Sqlite);
        let (mut depth, mut at) = (1u32, 2);
        while let Some(pair) = rest.as_bytes().get(at..at + 2) {
            at += 2;
            match pair {
                b"*/" => depth -= 1,
                b"/*" if nests => depth += 1,
                _ => at -= 1,
            }
            if depth == 0 {
                return at;
            }
        }
        rest.len()
    }

    /// A string whose quote stands after `prefix` bytes.
    fn string(&self, rest: &str, prefix: usize) -> usize {
        let escapes = self.escaping || self.dialect == Dialect::MySql;
        quoted(rest, prefix + 1, b'\'', escapes).0
    }

    fn word(&mut self, rest: &str) -> (Kind, usize) {
        let head = rest.as_bytes();
        let prefix = match (head[0].to_ascii_lowercase(), head.get(1), head.get(2)) {
            (b'n' | b'x' | b'b', Some(b'\''), _) => 1,
            (b'e', Some(b'\''), _) if self.dialect.is_postgres_like() => {
                self.escaping = true;
                1
            }
            (b'u', Some(b'&'), Some(b'\'')) if self.dialect.is_postgres_like() => 2,
            _ => {
                let in_word = |c| is_word(c) || (self.dialect == Dialect::MsSql && is_sigil(c));
                return (Kind::Word, run(rest, in_word));
            }
        };
        (Kind::Literal, self.string(rest, prefix))
    }

    /// A dollar quote, an amount of money, or a parameter.
    fn dollar(&self, rest: &str, next: Option<u8>) -> (Kind, usize) {
        let label = 1 + run(&rest[1..], is_word_not_dollar);
        let is_tag = !next.is_some_and(|c| c.is_ascii_digit()) && rest[label..].starts_with('$');
        if self.dialect.is_postgres_like() && is_tag {
            let (tag, body) = rest.split_at(label + 1);
            let len = body.find(tag).map_or(rest.len(), |end| end + 2 * tag.len());
            return (Kind::Literal, len);
        }
        if self.dialect == Dialect::MsSql && next.is_some_and(|c| c.is_ascii_digit() || c == b'.') {
            return (Kind::Literal, 1 + number(&rest[1..]));
        }
        (Kind::Other, label)
    }

    /// `:name`, `:1`, `@name`, `@@name`; the sign alone where it is none of them.
    fn parameter(&self, rest: &str, sign: char) -> usize {
        let signs = run(rest, |c| c == sign);
        if sign == ':' && signs > 1 {
            // A cast.
            return signs;
        }
        let numbered = match sign {
            // Not the bounds of `array[1:2]`.
            ':' => {
                matches!(self.dialect, Dialect::Generic | Dialect::Sqlite) && !self.follows_name()
            }
            // Not PostgreSQL's absolute value.
            _ => !self.dialect.is_postgres_like(),
        };
        let name = &rest[signs..];
        let is_number = name.starts_with(|c: char| c.is_ascii_digit());
        signs + if is_number && !numbered { 0 } else { run(name, is_word) }
    }

    /// Whether what comes now touches a name or a value before it.
    fn follows_name(&self) -> bool {
        let before = self.query[..self.at].chars().next_back();
        before.is_some_and(|c| is_word(c) || matches!(c, '"' | '`' | '\'' | ']' | ')'))
    }
}

/// Bytes of the first characters that are `wanted`.
fn run(text: &str, wanted: impl Fn(char) -> bool) -> usize {
    text.find(|c| !wanted(c)).unwrap_or(text.len())
}

fn is_word(c: char) -> bool {
    c == '$' || is_word_not_dollar(c)
}

fn is_word_not_dollar(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn is_sigil(c: char) -> bool {
    c == '#' || c == '@'
}

/// A number of any base with all that sticks to it, so that no part of an odd one stays.
fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let hex = bytes.get(1).is_some_and(|c| c.eq_ignore_ascii_case(&b'x'));
    let mut at = 0;
    loop {
        at += run(&rest[at..], |c| c == '.' || is_word_not_dollar(c));
        let exponent = !hex
            && at > 0
            && bytes[at - 1].eq_ignore_ascii_case(&b'e')
            && matches!(bytes.get(at), Some(b'+' | b'-'))
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        if !exponent {
            return at;
        }
        at += 1;
    }
}

/// A quoted name; an unfinished one may as well be a string.
fn name(rest: &str, close: u8) -> (Kind, usize) {
    match quoted(rest, 1, close, false) {
        (len, true) => (Kind::Other, len),
        (len, false) => (Kind::Literal, len),
    }
}

/// Bytes up to the closing quote, which stands for itself where it is doubled, and whether there is
/// one.
pub(super) fn quoted(rest: &str, start: usize, close: u8, escapes: bool) -> (usize, bool) {
    let bytes = rest.as_bytes();
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte == b'\\' && escapes {
            at += 1;
        } else if byte == close {
            if bytes.get(at) != Some(&close) {
                return (at, true);
            }
            at += 1;
        }
    }
    (rest.len(), false)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};

    use super::*;

    const PARTS: &[&str] = &[
        "'", "\"", "\\", "--", "-- ", "/*", "/*!50000", "*/", "$", "$a$", "E'", "U&'", "N'", "\n",
        "?", "7", ".", "e-", "0x", "é", "`", "[", "]", "#", ":", "@", "a", "(", ",", " ", "\u{a0}",
    ];

    #[test]
    fn the_position_only_advances_and_no_byte_is_read_twice() {
        let mut random = StdRng::seed_from_u64(1);
        for round in 0..5000 {
            let parts = (0..round % 60).map(|_| *PARTS.choose(&mut random).unwrap());
            let query: String = parts.collect();
            let dialect = [
                Dialect::Generic,
                Dialect::PostgreSql,
                Dialect::MySql,
                Dialect::Sqlite,
                Dialect::MsSql,
            ][random.random_range(0..5)];
            let mut joined = String::new();
            for token in Scanner::new(&query, dialect) {
                assert!(!token.text.is_empty(), "{query}");
                joined += token.text;
            }
            assert_eq!(joined, query);
        }
    }
}
