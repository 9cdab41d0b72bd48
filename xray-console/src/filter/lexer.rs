//! Cuts a filter text into tokens, one at a time, without copying more than strings.

use super::error::{FilterError, excerpt};

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
    BeginsWith,
    EndsWith,
}

impl Op {
    /// Whether it searches in a text.
    pub(super) fn is_search(self) -> bool {
        matches!(self, Self::Contains | Self::BeginsWith | Self::EndsWith)
    }

    /// Whether it compares by order.
    pub(super) fn is_order(self) -> bool {
        matches!(self, Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual)
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Contains => "CONTAINS",
            Self::BeginsWith => "BEGINSWITH",
            Self::EndsWith => "ENDSWITH",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    /// One of `( ) { } [ ] , : ! #`.
    Sign(char),
    Op(Op),
    And,
    Or,
    String(String),
    Number(f64),
    /// Letters, digits, underscores and dots; a keyword, a head or a bare value.
    Word(&'a str),
    /// A bare `1-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx`.
    TraceId(&'a str),
    End,
}

impl Token<'_> {
    /// The token in words, for an error.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Sign(sign) => format!("`{sign}`"),
            Self::Op(op) => format!("`{}`", op.text()),
            Self::And => "`AND`".to_owned(),
            Self::Or => "`OR`".to_owned(),
            Self::String(text) => format!("string {}", excerpt(text)),
            Self::Number(number) => format!("number `{number:?}`"),
            Self::Word(word) => excerpt(word),
            Self::TraceId(id) => format!("trace id `{id}`"),
            Self::End => "end of the expression".to_owned(),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next token and the byte at which it begins.
    pub(super) fn next(&mut self) -> Result<(usize, Token<'a>), FilterError> {
        let rest = self.skip_space();
        let start = self.at;
        let Some(first) = rest.chars().next() else {
            return Ok((start, Token::End));
        };
        let token = match first {
            '(' | ')' | '{' | '}' | '[' | ']' | ',' | ':' | '#' => {
                self.at += 1;
                Token::Sign(first)
            }
            '!' if !rest.starts_with("!=") => {
                self.at += 1;
                Token::Sign('!')
            }
            '=' | '!' | '<' | '>' => self.operator(rest),
            '"' => Token::String(self.string()?),
            '-' | '0'..='9' => self.number(rest)?,
            _ if is_word_start(first) => self.word(rest),
            _ => {
                let problem = format!("unexpected character {}", excerpt(&first.to_string()));
                return Err(FilterError::new(start, problem).expected(&[
                    "a keyword",
                    "an operator",
                    "a value in double quotes",
                ]));
            }
        };
        Ok((start, token))
    }

    /// The key between `annotation[` and `]`, either raw or a string; the closing bracket is taken.
    pub(super) fn bracket_key(&mut self) -> Result<String, FilterError> {
        let start = self.at;
        let rest = self.skip_space();
        let key = if rest.starts_with('"') {
            let key = self.string()?;
            self.skip_space();
            key
        } else {
            let end = rest.find(']').unwrap_or(rest.len());
            self.at += end;
            rest[..end].trim().to_owned()
        };
        if !self.text[self.at..].starts_with(']') {
            let problem = "unclosed `annotation[`";
            return Err(FilterError::new(self.at, problem).expected(&["`]`"]));
        }
        self.at += 1;
        if key.is_empty() {
            return Err(FilterError::new(start, "empty annotation key"));
        }
        Ok(key)
    }

    /// The text of one JSON value, taken as it stands.
    pub(super) fn json(&mut self) -> Result<&'a str, FilterError> {
        let rest = self.skip_space();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<serde_json::Value>();
        match values.next() {
            Some(Ok(_)) => {
                let end = values.byte_offset();
                self.at += end;
                Ok(rest[..end].trim_end())
            }
            _ => Err(FilterError::new(self.at, "invalid JSON after `#`")
                .expected(&["a JSON array of services"])),
        }
    }

    fn skip_space(&mut self) -> &'a str {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        rest
    }

    fn operator(&mut self, rest: &str) -> Token<'a> {
        let op = match rest.as_bytes() {
            [b'!', b'=', ..] => Op::NotEqual,
            [b'<', b'=', ..] => Op::LessOrEqual,
            [b'>', b'=', ..] => Op::GreaterOrEqual,
            [b'<', ..] => Op::Less,
            [b'>', ..] => Op::Greater,
            _ => Op::Equal,
        };
        self.at += op.text().len();
        Token::Op(op)
    }

    fn string(&mut self) -> Result<String, FilterError> {
        let start = self.at;
        let mut value = String::new();
        let mut chars = self.text[start..].char_indices().skip(1).peekable();
        while let Some((offset, char)) = chars.next() {
            match (char, chars.peek()) {
                ('"', _) => {
                    self.at = start + offset + 1;
                    return Ok(value);
                }
                // Only the two escapes of the grammar; any other backslash is a plain character.
                ('\\', Some(&(_, escaped @ ('"' | '\\')))) => {
                    value.push(escaped);
                    chars.next();
                }
                _ => value.push(char),
            }
        }
        Err(FilterError::new(start, "unclosed string").expected(&["a closing `\"`"]))
    }

    fn number(&mut self, rest: &'a str) -> Result<Token<'a>, FilterError> {
        if let Some(id) = rest.get(..TRACE_ID_LENGTH).filter(|id| is_trace_id(id))
            && !rest[TRACE_ID_LENGTH..].starts_with(is_word)
        {
            self.at += TRACE_ID_LENGTH;
            return Ok(Token::TraceId(id));
        }
        let length = number_length(rest.as_bytes());
        let runs_on = rest[length..].starts_with(is_word);
        match rest[..length].parse::<f64>() {
            Ok(number) if number.is_finite() && !runs_on => {
                self.at += length;
                Ok(Token::Number(number))
            }
            _ => {
                let end = rest.find(|char| !is_word(char) && char != '-').unwrap_or(rest.len());
                let problem = format!("{} is not a number", excerpt(&rest[..end]));
                Err(FilterError::new(self.at, problem)
                    .expected(&["a number such as 0.5", "a value in double quotes"]))
            }
        }
    }

    fn word(&mut self, rest: &'a str) -> Token<'a> {
        let end = rest.find(|char| !is_word(char)).unwrap_or(rest.len());
        self.at += end;
        let word = &rest[..end];
        let is = |known: &str| word.eq_ignore_ascii_case(known);
        match () {
            () if is("and") => Token::And,
            () if is("or") => Token::Or,
            () if is("contains") => Token::Op(Op::Contains),
            () if is("beginswith") => Token::Op(Op::BeginsWith),
            () if is("endswith") => Token::Op(Op::EndsWith),
            () => Token::Word(word),
        }
    }
}

const TRACE_ID_LENGTH: usize = 35;

fn is_trace_id(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        0 => byte == b'1',
        1 | 10 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

fn is_word_start(char: char) -> bool {
    char.is_ascii_alphabetic() || char == '_'
}

fn is_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_' || char == '.'
}

/// The length of `[-] digits [. digits] [e [+-] digits]` at the start of the text.
fn number_length(text: &[u8]) -> usize {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    at += digits(at);
    if text.get(at) == Some(&b'.') && digits(at + 1) > 0 {
        at += 1 + digits(at + 1);
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = text.get(at + 1 + sign..).map_or(0, |_| digits(at + 1 + sign));
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    at
}
