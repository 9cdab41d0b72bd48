//! The keywords, their types, and where each of them may stand.

use super::view::{Flag, Number, Text};

/// A keyword of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyword {
    /// Complete, and neither error nor fault nor throttle.
    Ok,
    Flag(Flag),
    Number(Number),
    Text(Text),
    /// The trace itself, by id.
    TraceId,
    /// Only inside the block of a root cause.
    Cause(CauseKeyword),
}

/// A keyword that has a meaning in the path of a root cause only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CauseKeyword {
    First,
    Last,
    Remote,
    Index,
    Coverage,
}

/// What a keyword may be compared to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Number,
    Text,
}

/// The part of the expression that a term stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Outside any block.
    Trace,
    /// The block of a `service()` or an `edge()`.
    Node,
    /// The block of a fault or error root cause.
    Cause,
    /// The block of a response time root cause.
    SlowCause,
}

const TABLE: [(&str, Keyword); 29] = [
    ("ok", Keyword::Ok),
    ("error", Keyword::Flag(Flag::Error)),
    ("fault", Keyword::Flag(Flag::Fault)),
    ("throttle", Keyword::Flag(Flag::Throttle)),
    ("partial", Keyword::Flag(Flag::Partial)),
    ("inferred", Keyword::Flag(Flag::Inferred)),
    ("root", Keyword::Flag(Flag::Root)),
    ("first", Keyword::Cause(CauseKeyword::First)),
    ("last", Keyword::Cause(CauseKeyword::Last)),
    ("remote", Keyword::Cause(CauseKeyword::Remote)),
    ("index", Keyword::Cause(CauseKeyword::Index)),
    ("coverage", Keyword::Cause(CauseKeyword::Coverage)),
    ("responsetime", Keyword::Number(Number::ResponseTime)),
    ("duration", Keyword::Number(Number::Duration)),
    ("http.status", Keyword::Number(Number::HttpStatus)),
    ("http.url", Keyword::Text(Text::HttpUrl)),
    ("http.method", Keyword::Text(Text::HttpMethod)),
    ("http.useragent", Keyword::Text(Text::HttpUserAgent)),
    ("http.clientip", Keyword::Text(Text::HttpClientIp)),
    ("user", Keyword::Text(Text::User)),
    ("availabilityzone", Keyword::Text(Text::AvailabilityZone)),
    ("instance.id", Keyword::Text(Text::InstanceId)),
    ("resource.arn", Keyword::Text(Text::ResourceArn)),
    ("account.id", Keyword::Text(Text::AccountId)),
    ("name", Keyword::Text(Text::Name)),
    ("type", Keyword::Text(Text::Type)),
    ("message", Keyword::Text(Text::Message)),
    ("traceid", Keyword::TraceId),
    ("id", Keyword::TraceId),
];

/// Words that begin a term and are no keyword of the table.
const HEADS: [&str; 11] = [
    "service",
    "edge",
    "annotation",
    "group.name",
    "group.arn",
    "rootcause.json",
    "rootcause.fault.service",
    "rootcause.fault.entity",
    "rootcause.error.service",
    "rootcause.error.entity",
    "rootcause.responsetime.service",
];

impl Keyword {
    /// The keyword of that name, in any case.
    pub(super) fn find(word: &str) -> Option<Self> {
        TABLE.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, keyword)| *keyword)
    }

    /// The canonical name.
    pub(super) fn name(self) -> &'static str {
        TABLE.iter().find(|(_, keyword)| *keyword == self).map_or("", |(name, _)| name)
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Ok
            | Self::Flag(_)
            | Self::Cause(CauseKeyword::First | CauseKeyword::Last | CauseKeyword::Remote) => {
                Kind::Bool
            }
            Self::Number(_) | Self::Cause(CauseKeyword::Index | CauseKeyword::Coverage) => {
                Kind::Number
            }
            Self::Text(_) | Self::TraceId => Kind::Text,
        }
    }

    /// Where the keyword may stand, in words, if it may not stand in this scope.
    pub(super) fn misplaced(self, scope: Scope) -> Option<&'static str> {
        let node_text = matches!(self, Self::Text(Text::Name | Text::Type | Text::Message));
        let cause_fact = matches!(
            self,
            Self::Flag(Flag::Inferred)
                | Self::Text(Text::Name | Text::Type | Text::Message | Text::AccountId)
        );
        match (self, scope) {
            (Self::Cause(CauseKeyword::Coverage), Scope::SlowCause) => None,
            (Self::Cause(CauseKeyword::Coverage), _) => {
                Some("is known inside rootcause.responsetime blocks only")
            }
            (Self::Cause(_), Scope::Cause | Scope::SlowCause) => None,
            (Self::Cause(_), _) => Some("is known inside rootcause blocks only"),
            (_, Scope::Cause | Scope::SlowCause) if !cause_fact => {
                Some("is not known inside rootcause blocks")
            }
            (Self::TraceId, Scope::Node) => Some("is a fact of the whole trace, not of one node"),
            (_, Scope::Trace) if node_text => {
                Some("is known inside service(){}, edge(){} and rootcause blocks only")
            }
            _ => None,
        }
    }
}

/// Every word that may begin a term.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _)| *name).chain(HEADS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_its_keyword_and_back() {
        for (name, keyword) in TABLE {
            assert_eq!(Keyword::find(name), Some(keyword));
            assert_eq!(Keyword::find(&name.to_uppercase()), Some(keyword));
            assert_eq!(Keyword::find(keyword.name()), Some(keyword));
        }
        assert_eq!(Keyword::find("nosuch"), None);
    }
}
