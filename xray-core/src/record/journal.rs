//! What happens to a segment, in the order in which it happens: cheap to write on the thread of a
//! request, and read by whoever needs the record, mostly the worker.

use super::{
    Batch,
    slots::{AnnotationText, Text},
};
use crate::{SegmentId, document::Namespace};

/// In place of a length: no text was given.
pub(super) const NO_TEXT: u16 = u16::MAX;

/// Notes past which a journal is written up, so that it does not grow where a value is set in a loop.
const MANY: usize = 2_048;

/// Bytes of text past which it is written up.
const LONG: usize = 64 * 1024;

/// Roughly the bytes that a note takes in a record.
const NOTE_BYTES: usize = 48;

#[derive(Debug)]
pub(super) struct Journal {
    pub(super) notes: Vec<Note>,
    /// The texts of all notes, one behind the other. None is longer than the limits of a document let
    /// it be, which fits 16 bits.
    pub(super) texts: String,
    /// When the entities that are noted begin, in this order: microseconds after the record's start.
    pub(super) starts: Vec<u64>,
}

/// One thing that happened, in two words: what is noted travels to the other core. Entities are named by their
/// index; lengths are those of its texts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Note {
    Begin {
        id: SegmentId,
        parent: u32,
        name: u16,
    },
    End {
        /// Microseconds after the record's start.
        at: u64,
        entity: u32,
    },
    Annotation {
        bits: u64,
        entity: u32,
        key: u16,
        kind: NotedKind,
    },
    /// An annotation whose key gets the form that X-Ray takes; else it is dropped in the end.
    Mended {
        bits: u64,
        entity: u32,
        key: u16,
        kind: NotedKind,
    },
    Http {
        entity: u32,
        method: u16,
        url: u16,
        user_agent: u16,
        client_ip: u16,
        x_forwarded_for: bool,
        traced: bool,
    },
    /// The first texts in the order of the fields of [`SqlData`](super::slots::SqlData), or the rest.
    Sql {
        entity: u32,
        texts: [u16; 4],
        rest: bool,
    },
    Outcome {
        entity: u32,
        /// Flags that go, and flags that come.
        clear: u8,
        set: u8,
        status: Option<u16>,
    },
    Namespace {
        entity: u32,
        namespace: Namespace,
    },
    ContentLength {
        bytes: u64,
        entity: u32,
    },
}

const _: () = assert!(size_of::<Note>() == 16);

impl Note {
    /// An annotation whose key is of so many bytes.
    #[inline]
    pub(super) fn annotation(value: NotedValue, entity: u32, key: u16, mend: bool) -> Self {
        let NotedValue { kind, bits } = value;
        match mend {
            true => Self::Mended { bits, entity, key, kind },
            false => Self::Annotation { bits, entity, key, kind },
        }
    }

    /// The annotation with a mended key, as this entity's.
    #[inline]
    pub(super) fn of(self, entity: u32) -> Self {
        match self {
            Self::Mended { bits, key, kind, .. } => Self::Mended { bits, entity, key, kind },
            other => other,
        }
    }

    /// Bytes of the texts of an annotation with a mended key.
    pub(super) fn texts_len(self) -> usize {
        match self {
            Self::Mended { bits, key, kind, .. } => {
                usize::from(key) + usize::from(NotedValue { kind, bits }.text_len())
            }
            _ => 0,
        }
    }
}

/// The value of an annotation: what it is, and its bits. Two words, since those stay in registers from where they are
/// known to where they are noted, which an enum of them does not.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotedValue {
    pub(super) kind: NotedKind,
    pub(super) bits: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum NotedKind {
    Text,
    Integer,
    Unsigned,
    Float,
    Bool,
}

impl NotedValue {
    /// A text of this length.
    #[inline]
    pub(super) fn text(len: u16) -> Self {
        Self { kind: NotedKind::Text, bits: u64::from(len) }
    }

    #[inline]
    pub(super) fn integer(value: i64) -> Self {
        Self { kind: NotedKind::Integer, bits: value as u64 }
    }

    #[inline]
    pub(super) fn unsigned(value: u64) -> Self {
        Self { kind: NotedKind::Unsigned, bits: value }
    }

    #[inline]
    pub(super) fn float(value: f64) -> Self {
        Self { kind: NotedKind::Float, bits: value.to_bits() }
    }

    #[inline]
    pub(super) fn bool(value: bool) -> Self {
        Self { kind: NotedKind::Bool, bits: u64::from(value) }
    }

    /// Bytes of its text, if it is one.
    #[inline]
    pub(super) fn text_len(self) -> u16 {
        match self.kind {
            NotedKind::Text => self.bits as u16,
            _ => 0,
        }
    }

    /// What is kept of it.
    #[inline]
    pub(super) fn kept(self, text: impl FnOnce() -> Text) -> AnnotationText {
        match self.kind {
            NotedKind::Text => AnnotationText::String(text()),
            NotedKind::Integer => AnnotationText::Integer(self.bits as i64),
            NotedKind::Unsigned => AnnotationText::Unsigned(self.bits),
            NotedKind::Float => AnnotationText::Float(f64::from_bits(self.bits)),
            NotedKind::Bool => AnnotationText::Bool(self.bits != 0),
        }
    }
}

impl Default for Journal {
    /// With room for what most requests record.
    fn default() -> Self {
        Self {
            notes: Vec::with_capacity(32),
            texts: String::with_capacity(512),
            starts: Vec::with_capacity(8),
        }
    }
}

impl Journal {
    pub(super) fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    pub(super) fn clear(&mut self) {
        // One that has grown large is not worth keeping.
        if self.notes.capacity() > MANY / 4 || self.texts.capacity() > LONG / 4 {
            *self = Self::default();
        }
        self.notes.clear();
        self.texts.clear();
        self.starts.clear();
    }

    /// Whether it is time to write it up.
    #[inline]
    pub(super) fn is_long(&self) -> bool {
        self.notes.len() >= MANY || self.texts.len() >= LONG
    }

    /// Roughly the bytes that it takes in a record.
    #[inline]
    pub(super) fn size(&self) -> usize {
        self.texts.len() + self.notes.len() * NOTE_BYTES
    }

    #[inline]
    pub(super) fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Notes that an entity begins, so many microseconds after the record's start.
    #[inline]
    pub(super) fn begin(&mut self, id: SegmentId, start: u64, parent: u32, name: &str) {
        let name = self.text(Some(name));
        self.starts.push(start);
        self.note(Note::Begin { id, parent, name });
    }

    /// Notes all that a batch has of an entity.
    #[inline]
    pub(super) fn append(&mut self, batch: &Batch, entity: u32) {
        self.texts.push_str(&batch.texts);
        self.notes.extend(batch.notes.iter().map(|note| note.of(entity)));
        if let Some(namespace) = batch.namespace {
            self.note(Note::Namespace { entity, namespace });
        }
    }

    /// Writes a text of the next note down, if it is given; returns its length.
    #[inline]
    pub(super) fn text(&mut self, text: Option<&str>) -> u16 {
        match text {
            Some(text) => {
                self.texts.push_str(text);
                text.len() as u16
            }
            None => NO_TEXT,
        }
    }
}
