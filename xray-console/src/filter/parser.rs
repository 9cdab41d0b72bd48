//! Recursive descent over the tokens, with every bound that hostile text needs.

use super::ast::{Expr, GroupBy, Selector, Value};
use super::error::{FilterError, excerpt};
use super::keyword::{self, Keyword, Kind, Scope};
use super::lexer::{Lexer, Op, Token};
use super::{MAX_NESTING, MAX_TERMS, MAX_TEXT, term};

const TERM: [&str; 4] = ["a keyword", "`service(`", "`edge(`", "`annotation.`"];

/// What the text says, and the first thing in it that cannot be evaluated yet.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) expr: Expr,
    pub(super) unsupported: Option<(usize, &'static str)>,
}

/// Parses the whole grammar; what cannot be evaluated yet is no error here.
pub(super) fn parse(text: &str) -> Result<Parsed, FilterError> {
    if text.len() > MAX_TEXT {
        let problem = format!("the expression is longer than {MAX_TEXT} bytes");
        return Err(FilterError::new(MAX_TEXT, problem));
    }
    let mut parser = Parser::new(text)?;
    let expr = parser.or(Scope::Trace)?;
    if parser.token != Token::End {
        return Err(parser.unexpected(&["`AND`", "`OR`", "the end of the expression"]));
    }
    Ok(Parsed { expr, unsupported: parser.unsupported })
}

pub(super) struct Parser<'a> {
    lexer: Lexer<'a>,
    pub(super) start: usize,
    pub(super) token: Token<'a>,
    depth: usize,
    terms: usize,
    unsupported: Option<(usize, &'static str)>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, FilterError> {
        let mut lexer = Lexer::new(text);
        let (start, token) = lexer.next()?;
        Ok(Self { lexer, start, token, depth: 0, terms: 0, unsupported: None })
    }

    fn or(&mut self, scope: Scope) -> Result<Expr, FilterError> {
        let first = self.and(scope)?;
        let mut terms = vec![first];
        while self.token == Token::Or {
            self.advance()?;
            terms.push(self.and(scope)?);
        }
        Ok(one_or(terms, Expr::Or))
    }

    fn and(&mut self, scope: Scope) -> Result<Expr, FilterError> {
        let first = self.unary(scope)?;
        let mut terms = vec![first];
        loop {
            match &self.token {
                Token::And => self.advance()?,
                // Two terms side by side are joined by AND.
                Token::Word(_) | Token::TraceId(_) | Token::Sign('!' | '(') => {}
                _ => return Ok(one_or(terms, Expr::And)),
            }
            terms.push(self.unary(scope)?);
        }
    }

    fn unary(&mut self, scope: Scope) -> Result<Expr, FilterError> {
        match &self.token {
            Token::Sign('!') => {
                let term = self.nested(|parser| {
                    parser.advance()?;
                    parser.unary(scope)
                })?;
                Ok(Expr::Not(Box::new(term)))
            }
            Token::Sign('(') => self.nested(|parser| {
                parser.advance()?;
                let expr = parser.or(scope)?;
                parser.sign(')', "`)`")?;
                Ok(expr)
            }),
            _ => self.term(scope),
        }
    }

    fn term(&mut self, scope: Scope) -> Result<Expr, FilterError> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            let problem = format!("more than {MAX_TERMS} terms");
            return Err(FilterError::new(self.start, problem));
        }
        match self.token {
            Token::Word(word) => {
                let start = self.start;
                self.head(word, scope)
                    .transpose()
                    .unwrap_or_else(|| self.comparison(start, word, scope))
            }
            Token::TraceId(id) => {
                if scope != Scope::Trace {
                    let problem = "a trace id is a fact of the whole trace, not of one node";
                    return Err(FilterError::new(self.start, problem));
                }
                let id = id.to_ascii_lowercase();
                self.advance()?;
                Ok(Expr::Trace(id))
            }
            _ => Err(self.unexpected(&TERM)),
        }
    }

    /// A term that is more than a keyword, if the word begins one.
    fn head(&mut self, word: &'a str, scope: Scope) -> Result<Option<Expr>, FilterError> {
        const PREFIX: usize = "annotation".len();
        let lower = word.to_ascii_lowercase();
        if lower == "annotation" || lower.starts_with("annotation.") {
            return self.annotation(&word[PREFIX..]).map(Some);
        }
        let outer = matches!(lower.as_str(), "service" | "edge")
            || lower.starts_with("rootcause.")
            || lower.starts_with("group.");
        if !outer {
            return Ok(None);
        }
        if scope != Scope::Trace {
            let problem = format!("{} cannot stand inside a block", excerpt(word));
            return Err(FilterError::new(self.start, problem));
        }
        let start = self.start;
        let expr = match lower.as_str() {
            "service" => term::service(self)?,
            "edge" => term::edge(self)?,
            "group.name" => term::group(self, GroupBy::Name)?,
            "group.arn" => term::group(self, GroupBy::Arn)?,
            _ => match term::root_cause_word(&lower) {
                Some(term::RootCauseWord::Block(cause, part)) => {
                    term::root_cause(self, cause, part)?
                }
                Some(term::RootCauseWord::Json(cause)) => term::root_cause_json(self, cause)?,
                None => return Err(self.unknown(word)),
            },
        };
        let unsupported = match &expr {
            Expr::RootCause { .. } | Expr::RootCauseJson { .. } => Some("`rootcause`"),
            Expr::Group { .. } => Some("`group`"),
            _ => None,
        };
        if let Some(what) = unsupported {
            self.unsupported.get_or_insert((start, what));
        }
        Ok(Some(expr))
    }

    fn annotation(&mut self, suffix: &str) -> Result<Expr, FilterError> {
        let start = self.start;
        let key = if let Some(key) = suffix.strip_prefix('.') {
            if key.is_empty() || key.contains('.') {
                let problem = "an annotation key after the dot is letters, digits and underscores";
                return Err(FilterError::new(start, problem).expected(&["`annotation[my.key]`"]));
            }
            self.advance()?;
            key.to_owned()
        } else {
            self.advance()?;
            if self.token != Token::Sign('[') {
                return Err(self.unexpected(&["`annotation.key`", "`annotation[key]`"]));
            }
            let key = self.lexer.bracket_key()?;
            self.advance()?;
            key
        };
        let test = match self.op()? {
            Some(op) => Some((op, self.value()?.1)),
            None => None,
        };
        Ok(Expr::Annotation { key, test })
    }

    fn comparison(&mut self, start: usize, word: &str, scope: Scope) -> Result<Expr, FilterError> {
        let Some(keyword) = Keyword::find(word) else {
            return Err(self.unknown(word));
        };
        if let Some(reason) = keyword.misplaced(scope) {
            return Err(FilterError::new(start, format!("{} {reason}", excerpt(word))));
        }
        self.advance()?;
        let at = self.start;
        let Some(op) = self.op()? else {
            return Ok(Expr::Compare { keyword, test: None });
        };
        let (allowed, operators, literal): (_, &[_], _) = match keyword.kind() {
            Kind::Bool => {
                (!op.is_search() && !op.is_order(), &["`=`", "`!=`"], "`true` or `false`")
            }
            Kind::Number => {
                (!op.is_search(), &["`=`", "`!=`", "`<`", "`<=`", "`>`", "`>=`"], "a number")
            }
            Kind::Text => (
                !op.is_order(),
                &["`=`", "`!=`", "`CONTAINS`", "`BEGINSWITH`", "`ENDSWITH`"],
                "a value in double quotes",
            ),
        };
        if !allowed {
            let problem = format!("`{}` does not fit {}", op.text(), excerpt(word));
            return Err(FilterError::new(at, problem).expected(operators));
        }
        let (at, value) = self.value()?;
        let fits = matches!(
            (keyword.kind(), &value),
            (Kind::Bool, Value::Bool(_))
                | (Kind::Number, Value::Number(_))
                | (Kind::Text, Value::Text(_))
        );
        if !fits {
            let problem = format!("the value does not fit {}", excerpt(word));
            return Err(FilterError::new(at, problem).expected(&[literal]));
        }
        let test = Some((op, value));
        Ok(Expr::Compare { keyword, test })
    }

    /// The operator, if one stands here.
    pub(super) fn op(&mut self) -> Result<Option<Op>, FilterError> {
        let Token::Op(op) = self.token else {
            return Ok(None);
        };
        self.advance()?;
        Ok(Some(op))
    }

    /// A literal, and the byte at which it begins.
    fn value(&mut self) -> Result<(usize, Value), FilterError> {
        let value = match &mut self.token {
            Token::String(text) => Value::Text(std::mem::take(text)),
            Token::Number(number) => Value::Number(*number),
            Token::TraceId(id) => Value::Text((*id).to_owned()),
            Token::Word(word) if word.eq_ignore_ascii_case("true") => Value::Bool(true),
            Token::Word(word) if word.eq_ignore_ascii_case("false") => Value::Bool(false),
            Token::Word(word) => Value::Text((*word).to_owned()),
            _ => {
                let expected = ["a value in double quotes", "a number", "`true`", "`false`"];
                return Err(self.unexpected(&expected));
            }
        };
        let at = self.start;
        self.advance()?;
        Ok((at, value))
    }

    pub(super) fn string(&mut self) -> Result<String, FilterError> {
        let Token::String(text) = &mut self.token else {
            return Err(self.unexpected(&["a string in double quotes"]));
        };
        let text = std::mem::take(text);
        self.advance()?;
        Ok(text)
    }

    /// `{ expr }`, if one stands here.
    pub(super) fn block(&mut self, scope: Scope) -> Result<Option<Box<Expr>>, FilterError> {
        if self.token != Token::Sign('{') {
            return Ok(None);
        }
        self.nested(|parser| {
            parser.advance()?;
            let expr = parser.or(scope)?;
            parser.sign('}', "`}`")?;
            Ok(Some(Box::new(expr)))
        })
    }

    pub(super) fn selector(&mut self) -> Result<Option<Selector>, FilterError> {
        match self.token {
            Token::String(_) => self.string().map(|name| Some(Selector::Name(name))),
            Token::Word(word) if word.eq_ignore_ascii_case("id") => term::id(self).map(Some),
            _ => Ok(None),
        }
    }

    /// The JSON that follows the current `#`.
    pub(super) fn json(&mut self) -> Result<String, FilterError> {
        if self.token != Token::Sign('#') {
            return Err(self.unexpected(&["`#` and a JSON array"]));
        }
        let json = self.lexer.json()?.to_owned();
        self.advance()?;
        Ok(json)
    }

    pub(super) fn sign(&mut self, sign: char, name: &'static str) -> Result<(), FilterError> {
        if self.token != Token::Sign(sign) {
            return Err(self.unexpected(&[name]));
        }
        self.advance()
    }

    pub(super) fn advance(&mut self) -> Result<(), FilterError> {
        (self.start, self.token) = self.lexer.next()?;
        Ok(())
    }

    pub(super) fn unexpected(&self, expected: &[&'static str]) -> FilterError {
        let problem = format!("unexpected {}", self.token.describe());
        FilterError::new(self.start, problem).expected(expected)
    }

    fn unknown(&self, word: &str) -> FilterError {
        FilterError::new(self.start, format!("unknown keyword {}", excerpt(word)))
            .expected(&TERM)
            .suggest(word, keyword::words())
    }

    fn nested<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, FilterError>,
    ) -> Result<T, FilterError> {
        if self.depth == MAX_NESTING {
            let problem = format!("nested deeper than {MAX_NESTING}");
            return Err(FilterError::new(self.start, problem));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }
}

fn one_or(mut terms: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match terms.pop() {
        Some(only) if terms.is_empty() => only,
        last => {
            terms.extend(last);
            join(terms)
        }
    }
}
