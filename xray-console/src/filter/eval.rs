//! Holds an expression against a trace.

use super::ast::{Expr, Selector, Value};
use super::keyword::Keyword;
use super::lexer::Op;
use super::view::{AnnotationRef, EntityView, Flag, Number, Text, TraceView};

type TextTest<'a> = dyn FnMut(&str) -> bool + 'a;
type AnnotationTest<'a> = dyn FnMut(AnnotationRef<'_>) -> bool + 'a;

/// Whether the trace as a whole matches.
pub(super) fn trace(expr: &Expr, trace: &dyn TraceView) -> bool {
    match expr {
        Expr::Or(terms) => terms.iter().any(|term| self::trace(term, trace)),
        Expr::And(terms) => terms.iter().all(|term| self::trace(term, trace)),
        Expr::Not(term) => !self::trace(term, trace),
        Expr::Compare { keyword, test } => trace_keyword(*keyword, test.as_ref(), trace),
        Expr::Annotation { key, test } => annotation(test.as_ref(), &mut |check| {
            trace.any_segment(&mut |segment| segment.any_annotation(key, check))
        }),
        Expr::Service { selector, block } => trace.any_segment(&mut |segment| {
            selects(selector.as_ref(), segment) && holds(block.as_deref(), segment)
        }),
        Expr::Edge { from, to, block } => trace.any_edge(&mut |edge| {
            selects(from.as_ref(), edge.from)
                && selects(to.as_ref(), edge.to)
                && holds(block.as_deref(), edge.call)
        }),
        Expr::Trace(id) => trace.id().eq_ignore_ascii_case(id),
        // `Filter::parse` lets none of these through.
        Expr::RootCause { .. } | Expr::RootCauseJson { .. } | Expr::Group { .. } => false,
    }
}

/// Whether one segment or call matches the expression of a block.
fn entity(expr: &Expr, view: &dyn EntityView) -> bool {
    match expr {
        Expr::Or(terms) => terms.iter().any(|term| entity(term, view)),
        Expr::And(terms) => terms.iter().all(|term| entity(term, view)),
        Expr::Not(term) => !entity(term, view),
        Expr::Compare { keyword, test } => {
            let test = test.as_ref();
            match *keyword {
                Keyword::Ok => bool(is_ok(view), test),
                Keyword::Flag(flag) => bool(view.is(flag), test),
                Keyword::Number(field) => number(view.number(field), test),
                Keyword::Text(field) => text(test, &mut |check| view.any_text(field, check)),
                // The parser lets none of these into a block.
                Keyword::TraceId | Keyword::Cause(_) => false,
            }
        }
        Expr::Annotation { key, test } => {
            annotation(test.as_ref(), &mut |check| view.any_annotation(key, check))
        }
        Expr::Service { .. }
        | Expr::Edge { .. }
        | Expr::RootCause { .. }
        | Expr::RootCauseJson { .. }
        | Expr::Group { .. }
        | Expr::Trace(_) => false,
    }
}

fn trace_keyword(keyword: Keyword, test: Option<&(Op, Value)>, trace: &dyn TraceView) -> bool {
    let root = trace.root();
    let any = |flag| trace.any_segment(&mut |segment| segment.is(flag));
    match keyword {
        Keyword::Ok => bool(root.is_some_and(is_ok) && !any(Flag::Throttle), test),
        // Fault and error are the root's; the others may be anyone's.
        Keyword::Flag(flag @ (Flag::Fault | Flag::Error)) => {
            bool(root.is_some_and(|root| root.is(flag)), test)
        }
        Keyword::Flag(flag @ (Flag::Throttle | Flag::Partial | Flag::Inferred)) => {
            bool(any(flag), test)
        }
        Keyword::Flag(Flag::Root) => bool(false, test),
        Keyword::Number(Number::Duration) => number(trace.duration(), test),
        Keyword::Number(field) => number(root.and_then(|root| root.number(field)), test),
        Keyword::Text(
            field @ (Text::HttpUrl | Text::HttpMethod | Text::HttpUserAgent | Text::HttpClientIp),
        ) => text(test, &mut |check| root.is_some_and(|root| root.any_text(field, check))),
        Keyword::Text(field) => text(test, &mut |check| {
            trace.any_segment(&mut |segment| segment.any_text(field, check))
        }),
        Keyword::TraceId => text(test, &mut |check| check(trace.id())),
        Keyword::Cause(_) => false,
    }
}

fn is_ok(view: &dyn EntityView) -> bool {
    [Flag::Partial, Flag::Error, Flag::Fault, Flag::Throttle].iter().all(|flag| !view.is(*flag))
}

fn selects(selector: Option<&Selector>, view: &dyn EntityView) -> bool {
    let has = |field, value: &str| view.any_text(field, &mut |known| known == value);
    let fits =
        |field, value: &Option<String>| value.as_deref().is_none_or(|value| has(field, value));
    match selector {
        None => true,
        Some(Selector::Name(name)) => has(Text::Name, name),
        Some(Selector::Id { name, kind, account }) => {
            fits(Text::Name, name) && fits(Text::Type, kind) && fits(Text::AccountId, account)
        }
    }
}

fn holds(block: Option<&Expr>, view: &dyn EntityView) -> bool {
    block.is_none_or(|block| entity(block, view))
}

fn bool(value: bool, test: Option<&(Op, Value)>) -> bool {
    match test {
        None => value,
        Some((op, Value::Bool(wanted))) => (value == *wanted) == (*op == Op::Equal),
        Some(_) => false,
    }
}

fn number(value: Option<f64>, test: Option<&(Op, Value)>) -> bool {
    match (value, test) {
        (Some(_), None) => true,
        (Some(value), Some((op, Value::Number(wanted)))) => compare(value, *op, *wanted),
        _ => false,
    }
}

fn compare(value: f64, op: Op, wanted: f64) -> bool {
    match op {
        Op::Equal => value == wanted,
        Op::NotEqual => value != wanted,
        Op::Less => value < wanted,
        Op::LessOrEqual => value <= wanted,
        Op::Greater => value > wanted,
        Op::GreaterOrEqual => value >= wanted,
        Op::Contains | Op::BeginsWith | Op::EndsWith => false,
    }
}

/// A text with any number of values; `any` asks whether one of them passes.
fn text(test: Option<&(Op, Value)>, any: &mut dyn FnMut(&mut TextTest<'_>) -> bool) -> bool {
    match test {
        None => any(&mut |_| true),
        Some((Op::NotEqual, Value::Text(wanted))) => {
            let mut set = false;
            let equal = any(&mut |value| {
                set = true;
                value == wanted
            });
            set && !equal
        }
        Some((op, Value::Text(wanted))) => any(&mut |value| search(value, *op, wanted)),
        Some(_) => false,
    }
}

fn search(value: &str, op: Op, wanted: &str) -> bool {
    match op {
        Op::Equal => value == wanted,
        Op::Contains => value.contains(wanted),
        Op::BeginsWith => value.starts_with(wanted),
        Op::EndsWith => value.ends_with(wanted),
        Op::NotEqual | Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual => false,
    }
}

/// An annotation with any number of values. A value of another type than the literal is no match,
/// for `!=` as well.
fn annotation(
    test: Option<&(Op, Value)>,
    any: &mut dyn FnMut(&mut AnnotationTest<'_>) -> bool,
) -> bool {
    let Some((op, wanted)) = test else {
        // Bare: set, and not the boolean false.
        return any(&mut |value| value != AnnotationRef::Bool(false));
    };
    let passes = |value: AnnotationRef<'_>, op| match (value, wanted) {
        (AnnotationRef::Bool(value), Value::Bool(wanted)) => op == Op::Equal && value == *wanted,
        (AnnotationRef::Number(value), Value::Number(wanted)) => compare(value, op, *wanted),
        (AnnotationRef::Text(value), Value::Text(wanted)) => search(value, op, wanted),
        _ => false,
    };
    if *op != Op::NotEqual {
        return any(&mut |value| passes(value, *op));
    }
    let mut set = false;
    let equal = any(&mut |value| {
        set |= matches!(
            (value, wanted),
            (AnnotationRef::Bool(_), Value::Bool(_))
                | (AnnotationRef::Number(_), Value::Number(_))
                | (AnnotationRef::Text(_), Value::Text(_))
        );
        passes(value, Op::Equal)
    });
    set && !equal
}
