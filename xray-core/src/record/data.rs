use std::{sync::Arc, time::Duration};

use serde_json::Value;

use super::{
    Common,
    exceptions::Described,
    slots::{
        AnnotationData, AnnotationText, EntityData, HttpData, List, MetadataData, NONE, OPEN,
        Place, Rest, SqlData, Text,
    },
    state::Heading,
    watch::End,
};
use crate::{SegmentId, TraceId, sample::RuleState};

/// Most entities of one record: a segment with more of them is a loop gone wrong.
pub(crate) const MAX_ENTITIES: usize = 65_536;

/// Most bytes that one record holds, texts and metadata together.
pub(crate) const MAX_RECORD_BYTES: usize = 8 * 1024 * 1024;

/// One trace's entities in flat vectors, the segment first, and their texts in one string: nothing is
/// allocated per entity, and a used record is emptied and used again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Data {
    pub(crate) common: Option<Arc<Common>>,
    /// The rule of the X-Ray service that sampled it.
    pub(crate) rule: Option<Arc<RuleState>>,
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
    /// Changes that came after the end of their entity.
    pub(super) late: u32,
    /// It was told that it has many annotations.
    pub(super) told: bool,
    /// Roughly the bytes that it holds beside its texts.
    pub(super) bytes: usize,
}

impl Data {
    /// Makes it as new, for another trace.
    pub(super) fn clear(&mut self) {
        self.common = None;
        self.rule = None;
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
        (self.late, self.told) = (0, false);
        self.bytes = 0;
    }

    /// Begins a record that is empty.
    pub(super) fn begin(&mut self, heading: Heading, common: &Arc<Common>) {
        let Heading { trace_id, parent_id, start, streamed, rule } = heading;
        self.common = Some(Arc::clone(common));
        (self.trace_id, self.parent_id) = (Some(trace_id), parent_id);
        (self.start, self.streamed, self.rule) = (start, streamed, rule);
    }

    /// How the segment ended.
    pub(super) fn end(&self) -> End {
        let Some(segment) = self.entities.first() else { return End::default() };
        let http = self.http.get(segment.http as usize);
        End {
            status: http.and_then(|http| http.status),
            fault: segment.is_fault(http),
            took: Duration::from_micros(segment.end.saturating_sub(segment.start)),
        }
    }

    /// Roughly the bytes this record holds.
    #[inline]
    pub(crate) fn size(&self) -> usize {
        self.text.len() + self.bytes
    }

    /// Counts bytes that lie outside of the flat vectors.
    pub(super) fn count_bytes(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Roughly the bytes of the document that would leave now.
    pub(crate) fn document_size(&self) -> usize {
        self.size().saturating_sub(self.left_bytes)
    }

    /// Whether `more` bytes still fit.
    #[inline]
    pub(crate) fn fits(&self, more: usize) -> bool {
        self.size() + more <= MAX_RECORD_BYTES
    }

    #[inline]
    pub(crate) fn push_text(&mut self, text: &str) -> Text {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        Text { start, len: text.len() as u32 }
    }

    /// The text, and whatever lies behind it.
    pub(crate) fn text_and_more(&self, text: Text) -> (&[u8], usize) {
        let more = self.text.as_bytes().get(text.start as usize..).unwrap_or_default();
        (more, (text.len as usize).min(more.len()))
    }

    pub(crate) fn text(&self, text: Text) -> &str {
        self.text.get(text.range()).unwrap_or_default()
    }

    /// Adds an entity behind all others, as the last child of `parent`, if there is one.
    #[inline]
    pub(crate) fn push_entity(
        &mut self,
        id: SegmentId,
        parent: u32,
        name: Text,
        start: u64,
    ) -> u32 {
        self.put_entity(self.entities.len() as u32, id, parent, name, start)
    }

    /// As [`push_entity`](Self::push_entity), in the slot of one that has left, if there is one.
    pub(super) fn push_entity_in_gap(
        &mut self,
        id: SegmentId,
        parent: u32,
        name: Text,
        start: u64,
    ) -> u32 {
        let index = self.free.pop().unwrap_or(self.entities.len() as u32);
        self.put_entity(index, id, parent, name, start)
    }

    #[inline]
    fn put_entity(
        &mut self,
        index: u32,
        id: SegmentId,
        parent: u32,
        name: Text,
        start: u64,
    ) -> u32 {
        let entity = EntityData {
            id,
            parent_id: self.entities.get(parent as usize).map(|parent| parent.id),
            parent,
            children: List::EMPTY,
            next_sibling: NONE,
            previous_sibling: NONE,
            flags: 0,
            namespace: None,
            name,
            start,
            end: OPEN,
            http: NONE,
            sql: NONE,
            rest: NONE,
            annotations: List::EMPTY,
            metadata: List::EMPTY,
        };
        self.bytes += size_of::<EntityData>();
        match self.entities.get_mut(index as usize) {
            Some(slot) => *slot = entity,
            None => self.entities.push(entity),
        }
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
        let child = &mut self.entities[child as usize];
        (child.previous_sibling, child.next_sibling) = (before, NONE);
    }

    /// Takes a child out of its parent's list.
    pub(super) fn unlink_child(&mut self, parent: u32, child: u32) {
        let child = &mut self.entities[child as usize];
        let before = std::mem::replace(&mut child.previous_sibling, NONE);
        let after = std::mem::replace(&mut child.next_sibling, NONE);
        match before {
            NONE => self.entities[parent as usize].children.first = after,
            before => self.entities[before as usize].next_sibling = after,
        }
        match after {
            NONE => self.entities[parent as usize].children.last = before,
            after => self.entities[after as usize].previous_sibling = before,
        }
    }

    /// The entity, if it has not left.
    pub(crate) fn entity(&mut self, place: Place) -> Option<&mut EntityData> {
        self.entities.get_mut(place.index as usize).filter(|entity| entity.id == place.id)
    }

    /// Ends an entity so many microseconds after the record's start; `false` if it has left or has
    /// ended before.
    pub(super) fn end_entity(&mut self, place: Place, at: u64) -> bool {
        let Some(entity) = self.entity(place).filter(|entity| entity.is_open()) else {
            return false;
        };
        entity.end = at.clamp(entity.start, OPEN - 1);
        true
    }

    /// Whether the entity has neither ended nor left.
    #[inline]
    pub(super) fn is_open_at(&self, place: Place) -> bool {
        let entity = self.entities.get(place.index as usize);
        entity.is_some_and(|entity| entity.id == place.id && entity.is_open())
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

    /// The entity's annotation of this key.
    pub(super) fn annotation(&self, entity: u32, key: &[u8]) -> Option<u32> {
        let mut at = self.entities[entity as usize].annotations.first;
        while let Some(item) = self.annotations.get(at as usize) {
            if item.key.len as usize == key.len() && self.text(item.key).as_bytes() == key {
                return Some(at);
            }
            at = item.next;
        }
        None
    }

    /// Adds an annotation whose key is not there.
    #[inline]
    pub(super) fn push_annotation(&mut self, entity: u32, key: Text, value: AnnotationText) {
        let index = self.annotations.len() as u32;
        self.annotations.push(AnnotationData { key, value, next: NONE });
        self.bytes += size_of::<AnnotationData>();
        let list = &mut self.entities[entity as usize].annotations;
        let last = std::mem::replace(&mut list.last, index);
        match self.annotations.get_mut(last as usize) {
            Some(last) => last.next = index,
            None => list.first = index,
        }
    }

    /// Sets the metadata value, replacing the value of a key that is there.
    pub(crate) fn set_metadata(&mut self, entity: u32, namespace: &str, key: &str, value: Value) {
        let mut at = self.entities[entity as usize].metadata.first;
        while at != NONE {
            let item = &self.metadata[at as usize];
            if self.text(item.key) == key && self.text(item.namespace) == namespace {
                let added = value_size(&value);
                let before = std::mem::replace(&mut self.metadata[at as usize].value, value);
                self.bytes = (self.bytes + added).saturating_sub(value_size(&before));
                return;
            }
            at = item.next;
        }
        self.push_metadata(entity, namespace, key, value);
    }

    /// Adds an item to a metadata value that is a list of at most `most`; whether it was added.
    pub(crate) fn append_metadata(
        &mut self,
        entity: u32,
        (namespace, key): (&str, &str),
        item: Value,
        most: usize,
    ) -> bool {
        let mut at = self.entities[entity as usize].metadata.first;
        while at != NONE {
            let found = &self.metadata[at as usize];
            if self.text(found.key) != key || self.text(found.namespace) != namespace {
                at = found.next;
                continue;
            }
            let Value::Array(items) = &mut self.metadata[at as usize].value else { return false };
            if items.len() >= most {
                return false;
            }
            self.bytes += value_size(&item);
            items.push(item);
            return true;
        }
        self.push_metadata(entity, namespace, key, Value::Array(vec![item]));
        true
    }

    /// Adds a metadata value whose key is not there.
    pub(super) fn push_metadata(&mut self, entity: u32, namespace: &str, key: &str, value: Value) {
        self.bytes += size_of::<MetadataData>() + value_size(&value);
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
        block(&mut self.entities[entity as usize].http, &mut self.http, &mut self.bytes)
    }

    pub(crate) fn rest(&mut self, entity: u32) -> &mut Rest {
        block(&mut self.entities[entity as usize].rest, &mut self.rest, &mut self.bytes)
    }

    pub(crate) fn sql(&mut self, entity: u32) -> &mut SqlData {
        block(&mut self.entities[entity as usize].sql, &mut self.sql, &mut self.bytes)
    }
}

/// The entity's block in its vector, made on first use.
#[inline]
fn block<'a, T: Default>(index: &mut u32, blocks: &'a mut Vec<T>, bytes: &mut usize) -> &'a mut T {
    if *index == NONE {
        *bytes += size_of::<T>();
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
