use std::{borrow::Cow, ops::Range, sync::Arc};

use serde_json::{Map, Value};

use super::{Common, exceptions::Described};
use crate::{
    SegmentId, TraceId,
    document::{Exception, Link, Namespace},
};

/// Most entities of one record: a segment with more of them is a loop gone wrong.
pub(crate) const MAX_ENTITIES: usize = 65_536;

/// Most bytes that one record holds, texts and metadata together.
pub(crate) const MAX_RECORD_BYTES: usize = 8 * 1024 * 1024;

/// No entity, no block, no next item.
pub(crate) const NONE: u32 = u32::MAX;

/// The end of an entity that has not ended.
pub(crate) const OPEN: u64 = u64::MAX;

/// A text inside [`Data::text`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Text {
    start: u32,
    len: u32,
}

impl Text {
    fn range(self) -> Range<usize> {
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
    pub(crate) fn fields(&mut self) -> [&mut Option<Text>; 8] {
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

/// One trace's entities in flat vectors, the segment first, and their texts in one string: nothing is
/// allocated per entity, and a used record is emptied and used again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Data {
    pub(crate) common: Option<Arc<Common>>,
    pub(crate) trace_id: Option<TraceId>,
    pub(crate) parent_id: Option<SegmentId>,
    /// The first entity is a subsegment that leaves on its own.
    pub(crate) streamed: bool,
    /// Microseconds since the epoch.
    pub(crate) start: u64,
    pub(crate) text: String,
    pub(crate) entities: Vec<EntityData>,
    /// Slots of entities that have left.
    pub(super) free: Vec<u32>,
    /// Bytes of entities that have left, still held by the vectors.
    pub(super) left_bytes: usize,
    pub(super) described: Vec<Described>,
    pub(crate) annotations: Vec<AnnotationData>,
    pub(crate) metadata: Vec<MetadataData>,
    pub(crate) http: Vec<HttpData>,
    pub(crate) sql: Vec<SqlData>,
    pub(crate) rest: Vec<Rest>,
    /// Bytes of metadata and of [`Rest`], estimated.
    pub(crate) other_bytes: usize,
}

impl Data {
    pub(crate) fn clear(&mut self) {
        self.common = None;
        self.text.clear();
        self.entities.clear();
        self.free.clear();
        self.left_bytes = 0;
        self.described.clear();
        self.annotations.clear();
        self.metadata.clear();
        self.http.clear();
        self.sql.clear();
        self.rest.clear();
        self.other_bytes = 0;
    }

    /// Roughly the bytes this record holds.
    pub(crate) fn size(&self) -> usize {
        self.text.len()
            + self.other_bytes
            + self.entities.len() * size_of::<EntityData>()
            + self.annotations.len() * size_of::<AnnotationData>()
            + self.metadata.len() * size_of::<MetadataData>()
            + self.http.len() * size_of::<HttpData>()
            + self.sql.len() * size_of::<SqlData>()
            + self.rest.len() * size_of::<Rest>()
    }

    /// Roughly the bytes of the document that would leave now.
    pub(crate) fn document_size(&self) -> usize {
        self.size().saturating_sub(self.left_bytes)
    }

    /// Whether `more` bytes still fit.
    pub(crate) fn fits(&self, more: usize) -> bool {
        self.size() + more <= MAX_RECORD_BYTES
    }

    pub(crate) fn push_text(&mut self, text: &str) -> Text {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        Text { start, len: text.len() as u32 }
    }

    pub(crate) fn text(&self, text: Text) -> &str {
        self.text.get(text.range()).unwrap_or_default()
    }

    /// Adds an entity as the last child of `parent`, if there is one.
    pub(crate) fn push_entity(
        &mut self,
        id: SegmentId,
        parent: u32,
        name: &str,
        start: u64,
    ) -> u32 {
        let entity = EntityData {
            id,
            parent_id: self.entities.get(parent as usize).map(|parent| parent.id),
            parent,
            children: List::EMPTY,
            next_sibling: NONE,
            flags: 0,
            namespace: None,
            name: self.push_text(name),
            start,
            end: OPEN,
            http: NONE,
            sql: NONE,
            rest: NONE,
            annotations: List::EMPTY,
            metadata: List::EMPTY,
        };
        let index = match self.free.pop() {
            Some(index) => {
                self.entities[index as usize] = entity;
                index
            }
            None => {
                self.entities.push(entity);
                self.entities.len() as u32 - 1
            }
        };
        self.link_child(parent, index);
        index
    }

    pub(super) fn link_child(&mut self, parent: u32, child: u32) {
        let Some(list) = self.entities.get_mut(parent as usize).map(|parent| &mut parent.children)
        else {
            return;
        };
        let before = std::mem::replace(&mut list.last, child);
        match before {
            NONE => list.first = child,
            before => self.entities[before as usize].next_sibling = child,
        }
    }

    /// The entity, if it has not left.
    pub(crate) fn entity(&mut self, place: Place) -> Option<&mut EntityData> {
        self.entities.get_mut(place.index as usize).filter(|entity| entity.id == place.id)
    }

    /// Subsegments that are held, open or ended.
    pub(crate) fn held(&self) -> usize {
        self.entities.len() - self.free.len() - 1
    }

    pub(crate) fn children(&self, of: u32) -> impl Iterator<Item = u32> + '_ {
        let some = |index: u32| (index != NONE).then_some(index);
        std::iter::successors(some(self.entities[of as usize].children.first), move |&child| {
            some(self.entities[child as usize].next_sibling)
        })
    }

    /// Sets the annotation, replacing the value of a key that is there.
    pub(crate) fn annotate(&mut self, entity: u32, key: &str, value: AnnotationText) {
        let list = self.entities[entity as usize].annotations;
        let mut at = list.first;
        while at != NONE {
            if self.text(self.annotations[at as usize].key) == key {
                self.annotations[at as usize].value = value;
                return;
            }
            at = self.annotations[at as usize].next;
        }
        let key = self.push_text(key);
        let index = self.annotations.len() as u32;
        self.annotations.push(AnnotationData { key, value, next: NONE });
        let list = &mut self.entities[entity as usize].annotations;
        match list.last {
            NONE => list.first = index,
            last => self.annotations[last as usize].next = index,
        }
        list.last = index;
    }

    /// Sets the metadata value, replacing the value of a key that is there.
    pub(crate) fn set_metadata(&mut self, entity: u32, namespace: &str, key: &str, value: Value) {
        self.other_bytes += value_size(&value);
        let list = self.entities[entity as usize].metadata;
        let mut at = list.first;
        while at != NONE {
            let item = &self.metadata[at as usize];
            if self.text(item.key) == key && self.text(item.namespace) == namespace {
                self.metadata[at as usize].value = value;
                return;
            }
            at = item.next;
        }
        let namespace = self.push_text(namespace);
        let key = self.push_text(key);
        let index = self.metadata.len() as u32;
        self.metadata.push(MetadataData { namespace, key, value, next: NONE });
        let list = &mut self.entities[entity as usize].metadata;
        match list.last {
            NONE => list.first = index,
            last => self.metadata[last as usize].next = index,
        }
        list.last = index;
    }

    pub(crate) fn http(&mut self, entity: u32) -> &mut HttpData {
        block(&mut self.entities[entity as usize].http, &mut self.http)
    }

    pub(crate) fn rest(&mut self, entity: u32) -> &mut Rest {
        block(&mut self.entities[entity as usize].rest, &mut self.rest)
    }

    pub(crate) fn sql(&mut self, entity: u32) -> &mut SqlData {
        block(&mut self.entities[entity as usize].sql, &mut self.sql)
    }

    pub(crate) fn push_optional(&mut self, text: Option<&Cow<'_, str>>) -> Option<Text> {
        text.map(|text| self.push_text(text))
    }
}

/// The entity's block in its vector, made on first use.
fn block<'a, T: Default>(index: &mut u32, blocks: &'a mut Vec<T>) -> &'a mut T {
    if *index == NONE {
        *index = blocks.len() as u32;
        blocks.push(T::default());
    }
    &mut blocks[*index as usize]
}

/// Roughly the bytes of a JSON value.
pub(crate) fn value_size(value: &Value) -> usize {
    let mut size = 0;
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        size += size_of::<Value>();
        match value {
            Value::String(text) => size += text.len(),
            Value::Array(items) => pending.extend(items),
            Value::Object(map) => {
                size += map.keys().map(String::len).sum::<usize>();
                pending.extend(map.values());
            }
            _ => {}
        }
    }
    size
}
