//! The terms that are more than a keyword: services, edges, root causes, groups.

use super::ast::{Cause, Expr, GroupBy, Part, Selector};
use super::error::{FilterError, excerpt};
use super::keyword::Scope;
use super::lexer::{Op, Token};
use super::parser::Parser;

/// `service ( [selector] ) [block]`, at the word.
pub(super) fn service(parser: &mut Parser<'_>) -> Result<Expr, FilterError> {
    parser.advance()?;
    parser.sign('(', "`(`")?;
    let selector = parser.selector()?;
    let expected: &[_] = match selector {
        Some(_) => &["`)`"],
        None => &["a name in double quotes", "`id(`", "`)`"],
    };
    close(parser, expected)?;
    let block = parser.block(Scope::Node)?;
    Ok(Expr::Service { selector, block })
}

/// `edge ( [selector] [, [selector]] ) [block]`, at the word.
pub(super) fn edge(parser: &mut Parser<'_>) -> Result<Expr, FilterError> {
    parser.advance()?;
    parser.sign('(', "`(`")?;
    let from = parser.selector()?;
    let mut to = None;
    if parser.token == Token::Sign(',') {
        parser.advance()?;
        to = parser.selector()?;
        close(parser, &["a name in double quotes", "`id(`", "`)`"])?;
    } else {
        close(parser, &["`,`", "`)`"])?;
    }
    let block = parser.block(Scope::Node)?;
    Ok(Expr::Edge { from, to, block })
}

/// `id ( idarg {, idarg} )`, at the word.
pub(super) fn id(parser: &mut Parser<'_>) -> Result<Selector, FilterError> {
    const FIELDS: [&str; 3] = ["`name:`", "`type:`", "`account.id:`"];
    parser.advance()?;
    parser.sign('(', "`(`")?;
    let (mut name, mut kind, mut account) = (None, None, None);
    loop {
        let Token::Word(word) = parser.token else {
            return Err(parser.unexpected(&FIELDS));
        };
        let field = match word.to_ascii_lowercase().as_str() {
            "name" => &mut name,
            "type" => &mut kind,
            "account.id" => &mut account,
            _ => {
                let known = ["name", "type", "account.id"];
                return Err(parser.unexpected(&FIELDS).suggest(word, known.into_iter()));
            }
        };
        if field.is_some() {
            let problem = format!("{} stands twice in one id()", excerpt(word));
            return Err(FilterError::new(parser.start, problem));
        }
        parser.advance()?;
        parser.sign(':', "`:`")?;
        *field = Some(parser.string()?);
        if parser.token != Token::Sign(',') {
            break;
        }
        parser.advance()?;
    }
    close(parser, &["`,`", "`)`"])?;
    Ok(Selector::Id { name, kind, account })
}

/// What a word that begins with `rootcause.` introduces.
pub(super) enum RootCauseWord {
    Block(Cause, Part),
    Json(Option<Cause>),
}

/// The meaning of the word, given in lower case.
pub(super) fn root_cause_word(lower: &str) -> Option<RootCauseWord> {
    let cause = |word: &str| match word {
        "fault" => Some(Cause::Fault),
        "error" => Some(Cause::Error),
        "responsetime" => Some(Cause::ResponseTime),
        _ => None,
    };
    let path = lower.strip_prefix("rootcause.")?;
    let Some((word, rest)) = path.split_once('.') else {
        return (path == "json").then_some(RootCauseWord::Json(None));
    };
    let cause = cause(word)?;
    let part = match rest {
        "json" => return Some(RootCauseWord::Json(Some(cause))),
        "service" => Part::Service,
        "entity" => Part::Entity,
        // The path of a slow trace has no exceptions.
        "exception" if cause != Cause::ResponseTime => Part::Exception,
        _ => return None,
    };
    Some(RootCauseWord::Block(cause, part))
}

/// The block of a root cause, at the word.
pub(super) fn root_cause(
    parser: &mut Parser<'_>,
    cause: Cause,
    part: Part,
) -> Result<Expr, FilterError> {
    parser.advance()?;
    let scope = match cause {
        Cause::ResponseTime => Scope::SlowCause,
        _ => Scope::Cause,
    };
    let block = parser.block(scope)?;
    Ok(Expr::RootCause { cause, part, block })
}

/// `rootcause.json = #…`, at the word.
pub(super) fn root_cause_json(
    parser: &mut Parser<'_>,
    cause: Option<Cause>,
) -> Result<Expr, FilterError> {
    parser.advance()?;
    if parser.token != Token::Op(Op::Equal) {
        return Err(parser.unexpected(&["`=`"]));
    }
    // The lexer stands behind the `=`; `#` is a token, what follows it is not.
    parser.advance()?;
    let json = parser.json()?;
    Ok(Expr::RootCauseJson { cause, json })
}

/// `group.name = "…"` and `group.arn = "…"`, at the word.
pub(super) fn group(parser: &mut Parser<'_>, by: GroupBy) -> Result<Expr, FilterError> {
    parser.advance()?;
    let at = parser.start;
    let equal = match parser.op()? {
        Some(Op::Equal) => true,
        Some(Op::NotEqual) => false,
        _ => {
            let problem = "a group is compared with `=` or `!=`";
            return Err(FilterError::new(at, problem).expected(&["`=`", "`!=`"]));
        }
    };
    let value = parser.string()?;
    Ok(Expr::Group { by, equal, value })
}

fn close(parser: &mut Parser<'_>, expected: &[&'static str]) -> Result<(), FilterError> {
    if parser.token != Token::Sign(')') {
        return Err(parser.unexpected(expected));
    }
    parser.advance()
}
