//! The tree of an expression.

use super::keyword::Keyword;
use super::lexer::Op;

/// An expression, as it was written: parentheses that matter are kept by nesting.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    Or(Vec<Expr>),
    And(Vec<Expr>),
    Not(Box<Expr>),
    /// A keyword, bare or compared.
    Compare {
        keyword: Keyword,
        test: Option<(Op, Value)>,
    },
    Annotation {
        key: String,
        test: Option<(Op, Value)>,
    },
    Service {
        selector: Option<Selector>,
        block: Option<Box<Expr>>,
    },
    Edge {
        from: Option<Selector>,
        to: Option<Selector>,
        block: Option<Box<Expr>>,
    },
    RootCause {
        cause: Cause,
        part: Part,
        block: Option<Box<Expr>>,
    },
    RootCauseJson {
        cause: Option<Cause>,
        /// Valid JSON, as it was written.
        json: String,
    },
    Group {
        by: GroupBy,
        equal: bool,
        value: String,
    },
    /// A bare trace id.
    Trace(String),
}

/// A literal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Bool(bool),
    Number(f64),
    Text(String),
}

/// Which nodes are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selector {
    /// Any node with that name among its names.
    Name(String),
    /// A node that has all of what is given.
    Id { name: Option<String>, kind: Option<String>, account: Option<String> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Fault,
    Error,
    ResponseTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Service,
    Entity,
    Exception,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupBy {
    Name,
    Arn,
}
