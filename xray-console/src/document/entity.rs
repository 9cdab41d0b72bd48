use super::{EntityId, Value};
use crate::Class;

/// The longest duration that is believed, in seconds: 30 years. Differences of hostile times end here.
pub(crate) const LONGEST: f64 = 1e9;

/// Type of the resource that keeps messages for whoever asks for them.
pub(crate) const QUEUE: &str = "AWS::SQS::Queue";

/// One segment or subsegment of a document. What only the detail panel shows stays in the raw bytes.
#[derive(Debug, Default)]
pub(crate) struct Entity {
    /// Index of the enclosing entity in the same document.
    pub(crate) parent: Option<u32>,
    /// Zero when an embedded child carries none.
    pub(crate) id: EntityId,
    pub(crate) name: Box<str>,
    /// Seconds since 1970. Finite, otherwise unchecked.
    pub(crate) start: f64,
    /// `None` while in progress.
    pub(crate) end: Option<f64>,
    pub(crate) class: Class,
    pub(crate) namespace: Namespace,
    pub(crate) inferred: bool,
    /// The callee sends a segment of its own.
    pub(crate) traced: bool,
    /// There is a `sql` object.
    pub(crate) sql: bool,
    /// There is a `cause`.
    pub(crate) cause: bool,
    /// Rare fields, on the heap only where there are any.
    pub(crate) facts: Option<Box<Facts>>,
}

impl Entity {
    /// Seconds, from 0 to [`LONGEST`]; `None` while in progress.
    pub(crate) fn duration(&self) -> Option<f64> {
        self.end.map(|end| (end - self.start).clamp(0.0, LONGEST))
    }

    pub(crate) fn facts(&self) -> &Facts {
        const NONE: &Facts = &Facts::NONE;
        self.facts.as_deref().unwrap_or(NONE)
    }

    /// Heap and inline bytes, for the store's account.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.name.len() + self.facts.as_ref().map_or(0, |facts| facts.bytes())
    }
}

/// Where the work of a subsegment happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Namespace {
    #[default]
    Local,
    Aws,
    Remote,
}

/// The searchable fields that not every entity has.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) method: Option<Box<str>>,
    pub(crate) url: Option<Box<str>>,
    pub(crate) client_ip: Option<Box<str>>,
    pub(crate) user_agent: Option<Box<str>>,
    pub(crate) status: Option<u16>,
    pub(crate) origin: Option<Box<str>>,
    pub(crate) user: Option<Box<str>>,
    pub(crate) resource_arn: Option<Box<str>>,
    pub(crate) account_id: Option<Box<str>>,
    pub(crate) instance_id: Option<Box<str>>,
    pub(crate) availability_zone: Option<Box<str>>,
    /// What an AWS call went to: type and name of the resource.
    pub(crate) resource: Option<(&'static str, Box<str>)>,
    pub(crate) annotations: Vec<(Box<str>, Value)>,
    /// Of the exceptions.
    pub(crate) messages: Vec<Box<str>>,
}

impl Facts {
    const NONE: Self = Self {
        method: None,
        url: None,
        client_ip: None,
        user_agent: None,
        status: None,
        origin: None,
        user: None,
        resource_arn: None,
        account_id: None,
        instance_id: None,
        availability_zone: None,
        resource: None,
        annotations: Vec::new(),
        messages: Vec::new(),
    };

    fn bytes(&self) -> usize {
        let texts = [
            &self.method,
            &self.url,
            &self.client_ip,
            &self.user_agent,
            &self.origin,
            &self.user,
            &self.resource_arn,
            &self.account_id,
            &self.instance_id,
            &self.availability_zone,
        ];
        let annotations: usize = self
            .annotations
            .iter()
            .map(|(key, value)| size_of::<(Box<str>, Value)>() + key.len() + value.bytes())
            .sum();
        size_of::<Self>()
            + texts.iter().map(|text| text.as_ref().map_or(0, |text| text.len())).sum::<usize>()
            + self.resource.as_ref().map_or(0, |(_, name)| name.len())
            + annotations
            + self.messages.iter().map(|text| size_of::<Box<str>>() + text.len()).sum::<usize>()
    }
}
