//! One document as it was received, and the flat list of entities in it.

mod depth;
mod detail;
mod entity;
mod ids;
mod parse;
mod pretty;
mod tape;
mod value;

pub(crate) use detail::Detail;
pub(crate) use entity::{Entity, Facts, LONGEST, Namespace, QUEUE};
pub(crate) use ids::{EntityId, TraceKey};
pub(crate) use value::Value;

use crate::Rejection;

/// A segment, or a subsegment sent on its own, checked and ready for [`Console::receive`](crate::Console::receive).
///
/// Parsing is lenient with what the official SDKs write beside the rules (`in_progress: false`, `traced` outside
/// `http`, numbers as strings) and strict with what X-Ray itself needs: ids, a name and times. The bytes are kept
/// as they came.
///
/// ```
/// use xray_console::Document;
///
/// let document = Document::parse(
///     br#"{"name":"orders","id":"70de5b6f19ff9a0a","trace_id":"1-581cf771-a006649127e371903a2de979",
///          "start_time":1478293361.271,"end_time":1478293361.449}"#,
/// )?;
/// assert_eq!(document.trace_id(), "1-581cf771-a006649127e371903a2de979");
/// assert_eq!(document.entities(), 1);
/// # Ok::<(), xray_console::Rejection>(())
/// ```
#[derive(Debug)]
pub struct Document {
    raw: Box<[u8]>,
    trace: TraceKey,
    parent_id: Option<EntityId>,
    independent: bool,
    entities: Box<[Entity]>,
}

impl Document {
    /// The longest document accepted, in bytes.
    pub const MAX_BYTES: usize = 1 << 20;
    /// The most JSON arrays and objects inside each other.
    pub const MAX_DEPTH: usize = 1_100;
    /// The most subsegments inside each other.
    pub const MAX_NESTING: usize = 512;

    /// Checks and reads one document: the body of a datagram, without the header line.
    ///
    /// # Errors
    /// The first check that fails, in the order of [`Rejection::ALL`].
    pub fn parse(body: &[u8]) -> Result<Self, Rejection> {
        parse::parse(body)
    }

    /// The bytes as received.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The trace it belongs to, in lower case.
    #[must_use]
    pub fn trace_id(&self) -> String {
        self.trace.to_string()
    }

    /// How many segments and subsegments it holds, itself included.
    #[must_use]
    pub fn entities(&self) -> usize {
        self.entities.len()
    }

    /// Whether it is a subsegment sent on its own.
    #[must_use]
    pub const fn is_subsegment(&self) -> bool {
        self.independent
    }

    pub(crate) const fn trace(&self) -> TraceKey {
        self.trace
    }

    pub(crate) const fn parent_id(&self) -> Option<EntityId> {
        self.parent_id
    }

    pub(crate) fn list(&self) -> &[Entity] {
        &self.entities
    }

    /// The segment or subsegment that the document is about. There always is one.
    pub(crate) fn head(&self) -> &Entity {
        &self.entities[0]
    }

    /// Bytes held in memory.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.raw.len() + self.entities.iter().map(Entity::bytes).sum::<usize>()
    }
}
