//! What lies in the flat vectors of a record.

use std::ops::Range;

use serde_json::{Map, Value};

use crate::{
    SegmentId,
    document::{Exception, Link, Namespace},
    http::Outcome,
};

/// No entity, no block, no next item.
pub(crate) const NONE: u32 = u32::MAX;

/// The end of an entity that has not ended.
pub(crate) const OPEN: u64 = u64::MAX;

/// A text inside [`Data::text`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Text {
    pub(super) start: u32,
    pub(super) len: u32,
}

impl Text {
    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

/// A singly linked list through one of the flat vectors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List {
    pub(crate) first: u32,
    pub(crate) last: u32,
}

impl List {
    pub(super) const EMPTY: Self = Self { first: NONE, last: NONE };
}

/// Outcome of an entity, as bits.
pub(crate) mod flag {
    pub(crate) const ERROR: u8 = 1;
    pub(crate) const THROTTLE: u8 = 2;
    pub(crate) const FAULT: u8 = 4;
    /// A recorded exception: a fault unless the status turns out to be a 4xx.
    pub(crate) const EXCEPTION: u8 = 8;
}

/// Where an entity is: its slot, and the id it must have there, since slots are used again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) index: u32,
    pub(crate) id: SegmentId,
}

#[derive(Clone, Debug)]
pub(crate) struct EntityData {
    pub(crate) id: SegmentId,
    /// Stays when the parent leaves before.
    pub(crate) parent_id: Option<SegmentId>,
    pub(crate) parent: u32,
    pub(crate) children: List,
    pub(crate) next_sibling: u32,
    pub(crate) previous_sibling: u32,
    pub(crate) flags: u8,
    pub(crate) namespace: Option<Namespace>,
    pub(crate) name: Text,
    /// Microseconds after the record's start.
    pub(crate) start: u64,
    /// Microseconds after the record's start, or [`OPEN`].
    pub(crate) end: u64,
    pub(crate) http: u32,
    pub(crate) sql: u32,
    pub(crate) rest: u32,
    pub(crate) annotations: List,
    pub(crate) metadata: List,
}

impl EntityData {
    pub(crate) fn is_open(&self) -> bool {
        self.end == OPEN
    }

    pub(crate) fn is_fault(&self, http: Option<&HttpData>) -> bool {
        is_fault(self.flags, http.and_then(|http| http.status))
    }
}

/// An exception makes a fault, unless the status says that the caller is to blame.
pub(super) fn is_fault(flags: u8, status: Option<u16>) -> bool {
    let outcome = status.map(Outcome::of_status);
    let refused = matches!(outcome, Some(Outcome::Error | Outcome::Throttle));
    flags & flag::FAULT != 0 || (flags & flag::EXCEPTION != 0 && !refused)
}

#[derive(Clone, Debug)]
pub(crate) enum AnnotationText {
    String(Text),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Bool(bool),
}

#[derive(Clone, Debug)]
pub(crate) struct AnnotationData {
    pub(crate) key: Text,
    pub(crate) value: AnnotationText,
    pub(crate) next: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct MetadataData {
    pub(crate) namespace: Text,
    pub(crate) key: Text,
    pub(crate) value: Value,
    pub(crate) next: u32,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct HttpData {
    pub(crate) method: Option<Text>,
    pub(crate) url: Option<Text>,
    pub(crate) user_agent: Option<Text>,
    pub(crate) client_ip: Option<Text>,
    pub(crate) x_forwarded_for: bool,
    pub(crate) traced: bool,
    pub(crate) status: Option<u16>,
    pub(crate) content_length: Option<u64>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct SqlData {
    pub(crate) url: Option<Text>,
    pub(crate) connection_string: Option<Text>,
    pub(crate) sanitized_query: Option<Text>,
    pub(crate) database_type: Option<Text>,
    pub(crate) database_version: Option<Text>,
    pub(crate) driver_version: Option<Text>,
    pub(crate) user: Option<Text>,
    pub(crate) preparation: Option<Text>,
}

impl SqlData {
    /// All fields, in the order in which they are declared.
    pub(super) fn fields(&mut self) -> [&mut Option<Text>; 8] {
        [
            &mut self.url,
            &mut self.connection_string,
            &mut self.sanitized_query,
            &mut self.database_type,
            &mut self.database_version,
            &mut self.driver_version,
            &mut self.user,
            &mut self.preparation,
        ]
    }
}

/// The fields that few entities have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rest {
    pub(crate) user: Option<String>,
    pub(crate) origin: Option<String>,
    pub(crate) resource_arn: Option<String>,
    pub(crate) service: Map<String, Value>,
    pub(crate) aws: Map<String, Value>,
    pub(crate) exceptions: Vec<Exception>,
    /// An exception that another entity describes.
    pub(crate) cause_id: Option<SegmentId>,
    pub(crate) precursors: Vec<SegmentId>,
    pub(crate) links: Vec<Link>,
}
