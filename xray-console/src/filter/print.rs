//! Writes a tree as text that parses to the same tree.

use std::fmt::{self, Display, Formatter, Write};

use super::ast::{Cause, Expr, GroupBy, Part, Selector, Value};
use super::lexer::Op;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Or(terms) => joined(f, terms, " OR "),
            Self::And(terms) => joined(f, terms, " AND "),
            Self::Not(term) => {
                f.write_char('!')?;
                operand(f, term, matches!(**term, Self::Or(_) | Self::And(_)))
            }
            Self::Compare { keyword, test } => {
                f.write_str(keyword.name())?;
                comparison(f, test.as_ref())
            }
            Self::Annotation { key, test } => {
                annotation_key(f, key)?;
                comparison(f, test.as_ref())
            }
            Self::Service { selector, block } => {
                f.write_str("service(")?;
                optional(f, selector.as_ref())?;
                f.write_char(')')?;
                braces(f, block.as_deref())
            }
            Self::Edge { from, to, block } => {
                f.write_str("edge(")?;
                optional(f, from.as_ref())?;
                f.write_str(", ")?;
                optional(f, to.as_ref())?;
                f.write_char(')')?;
                braces(f, block.as_deref())
            }
            Self::RootCause { cause, part, block } => {
                let part = match part {
                    Part::Service => "service",
                    Part::Entity => "entity",
                    Part::Exception => "exception",
                };
                write!(f, "rootcause.{}.{part}", cause_name(*cause))?;
                braces(f, block.as_deref())
            }
            Self::RootCauseJson { cause, json } => {
                f.write_str("rootcause.")?;
                if let Some(cause) = cause {
                    write!(f, "{}.", cause_name(*cause))?;
                }
                write!(f, "json = #{json}")
            }
            Self::Group { by, equal, value } => {
                let field = match by {
                    GroupBy::Name => "name",
                    GroupBy::Arn => "arn",
                };
                let op = if *equal { Op::Equal } else { Op::NotEqual };
                write!(f, "group.{field} {} ", op.text())?;
                quoted(f, value)
            }
            Self::Trace(id) => f.write_str(id),
        }
    }
}

impl Display for Selector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => quoted(f, name),
            Self::Id { name, kind, account } => {
                f.write_str("id(")?;
                let fields = [("name", name), ("type", kind), ("account.id", account)];
                let mut separator = "";
                for (field, value) in fields {
                    let Some(value) = value else { continue };
                    write!(f, "{separator}{field}: ")?;
                    quoted(f, value)?;
                    separator = ", ";
                }
                f.write_char(')')
            }
        }
    }
}

fn joined(f: &mut Formatter<'_>, terms: &[Expr], joint: &str) -> fmt::Result {
    let in_and = joint == " AND ";
    for (position, term) in terms.iter().enumerate() {
        if position > 0 {
            f.write_str(joint)?;
        }
        let binds_looser = match term {
            Expr::Or(_) => true,
            Expr::And(_) => in_and,
            _ => false,
        };
        operand(f, term, binds_looser)?;
    }
    Ok(())
}

fn operand(f: &mut Formatter<'_>, term: &Expr, parentheses: bool) -> fmt::Result {
    if parentheses { write!(f, "({term})") } else { term.fmt(f) }
}

fn comparison(f: &mut Formatter<'_>, test: Option<&(Op, Value)>) -> fmt::Result {
    let Some((op, value)) = test else {
        return Ok(());
    };
    write!(f, " {} ", op.text())?;
    match value {
        Value::Bool(value) => value.fmt(f),
        // The shortest form that reads back to the same bits, with an exponent where it is long.
        Value::Number(value) => write!(f, "{value:?}"),
        Value::Text(value) => quoted(f, value),
    }
}

fn annotation_key(f: &mut Formatter<'_>, key: &str) -> fmt::Result {
    let plain = |char: char| char.is_ascii_alphanumeric() || char == '_';
    if !key.is_empty() && key.chars().all(plain) {
        return write!(f, "annotation.{key}");
    }
    if key.contains(']') || key.starts_with('"') || key.trim() != key {
        f.write_str("annotation[")?;
        quoted(f, key)?;
        return f.write_char(']');
    }
    write!(f, "annotation[{key}]")
}

fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for char in text.chars() {
        if matches!(char, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(char)?;
    }
    f.write_char('"')
}

fn optional(f: &mut Formatter<'_>, selector: Option<&Selector>) -> fmt::Result {
    selector.map_or(Ok(()), |selector| selector.fmt(f))
}

fn braces(f: &mut Formatter<'_>, block: Option<&Expr>) -> fmt::Result {
    block.map_or(Ok(()), |block| write!(f, " {{ {block} }}"))
}

fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::Fault => "fault",
        Cause::Error => "error",
        Cause::ResponseTime => "responsetime",
    }
}
