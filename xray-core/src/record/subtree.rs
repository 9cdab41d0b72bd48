//! Parts of a record that leave as records of their own.

use super::{
    data::Data,
    slots::{AnnotationText, EntityData, HttpData, List, NONE, SqlData, Text},
};
use crate::SegmentId;

/// A record is packed anew when so many bytes of it have left, and more than stay.
const PACK_AT: usize = 64 * 1024;

impl Data {
    /// A copy of everything.
    pub(crate) fn copy_whole(&self) -> Box<Self> {
        self.copy_subtree(0, |_| true)
    }

    /// A copy of everything, with what is open marked as such; what has ended is removed. The open
    /// entities stay, each by itself.
    pub(crate) fn leave_behind_open(&mut self) -> Box<Self> {
        let copy = self.copy_whole();
        let all = self.in_order(0, |_| true);
        for &index in &all {
            let entity = &mut self.entities[index as usize];
            entity.parent = NONE;
            entity.children = List::EMPTY;
            (entity.previous_sibling, entity.next_sibling) = (NONE, NONE);
            if !entity.is_open() {
                self.free_slot(index);
            }
        }
        copy
    }

    /// Takes out an entity that ended after its segment had left.
    pub(crate) fn take_straggler(&mut self, straggler: u32) -> Box<Self> {
        let parent = self.entities[straggler as usize].parent;
        if parent != NONE {
            self.unlink_child(parent, straggler);
        }
        self.take_ended(straggler)
    }

    /// Takes out an entity that is in no list of children, with what has ended under it; what is
    /// open stays by itself.
    fn take_ended(&mut self, root: u32) -> Box<Self> {
        let ended = |entity: &EntityData| !entity.is_open();
        let mut copy = self.copy_subtree(root, ended);
        copy.streamed = true;
        copy.parent_id = self.entities[root as usize].parent_id;
        for index in self.in_order(root, ended) {
            let open: Vec<u32> =
                self.children(index).filter(|&child| self.is_open(child)).collect();
            for child in open {
                let child = &mut self.entities[child as usize];
                child.parent = NONE;
                (child.previous_sibling, child.next_sibling) = (NONE, NONE);
            }
            self.free_slot(index);
        }
        self.left_bytes += copy.size();
        self.pack_if_worth();
        copy
    }

    /// Takes out every ended subtree whose parent must stay: it is open, or something else under it is.
    pub(crate) fn take_ready(&mut self, most: usize) -> Vec<Box<Self>> {
        let order = self.children_first(0);
        let mut ready = vec![false; self.entities.len()];
        let mut taken = Vec::new();
        for index in order {
            let children_ready = self.children(index).all(|child| ready[child as usize]);
            ready[index as usize] = index != 0 && !self.is_open(index) && children_ready;
            if ready[index as usize] {
                continue;
            }
            let leaving: Vec<u32> =
                self.children(index).filter(|&child| ready[child as usize]).collect();
            for child in leaving {
                if taken.len() == most {
                    return taken;
                }
                self.unlink_child(index, child);
                taken.push(self.take_ended(child));
            }
        }
        taken
    }

    /// Takes out what became ready because `ended` did, where all that was ready before has left.
    pub(crate) fn take_newly_ready(&mut self, ended: u32) -> Option<Box<Self>> {
        if self.entities[ended as usize].children.first != NONE {
            return None;
        }
        let mut top = ended;
        loop {
            let parent = self.entities[top as usize].parent;
            if parent == NONE {
                return None;
            }
            let only_child = self.entities[parent as usize].children.first == top
                && self.entities[parent as usize].children.last == top;
            if parent == 0 || self.is_open(parent) || !only_child {
                self.unlink_child(parent, top);
                return Some(self.take_ended(top));
            }
            top = parent;
        }
    }

    fn is_open(&self, index: u32) -> bool {
        self.entities[index as usize].is_open()
    }

    /// `root` and what lies under it and passes `keep`, parents before children.
    fn in_order(&self, root: u32, keep: impl Fn(&EntityData) -> bool) -> Vec<u32> {
        let mut order = vec![root];
        let mut at = 0;
        while let Some(&index) = order.get(at) {
            order
                .extend(self.children(index).filter(|&child| keep(&self.entities[child as usize])));
            at += 1;
        }
        order
    }

    /// `root` and what lies under it, children before parents and siblings in order.
    fn children_first(&self, root: u32) -> Vec<u32> {
        let (mut order, mut pending) = (Vec::new(), vec![root]);
        while let Some(index) = pending.pop() {
            order.push(index);
            pending.extend(self.children(index));
        }
        order.reverse();
        order
    }

    fn free_slot(&mut self, index: u32) {
        self.forget_describer(index);
        self.entities[index as usize].id = SegmentId::NOOP;
        self.free.push(index);
    }

    /// A record of `root` and of what lies under it and passes `keep`.
    fn copy_subtree(&self, root: u32, keep: impl Fn(&EntityData) -> bool) -> Box<Self> {
        let mut copy = self.empty_copy();
        // Where an entity is, and where its parent has been put.
        let mut order = vec![(root, NONE)];
        let mut at = 0;
        while let Some(&(index, parent)) = order.get(at) {
            let entity = &self.entities[index as usize];
            let name = copy.push_text(self.text(entity.name));
            let place = copy.push_entity(entity.id, parent, name, entity.start);
            copy.copy_blocks(place, self, entity);
            let children =
                self.children(index).filter(|&child| keep(&self.entities[child as usize]));
            order.extend(children.map(|child| (child, place)));
            at += 1;
        }
        copy
    }

    fn empty_copy(&self) -> Box<Self> {
        let spare = self.common.as_ref().map(|common| common.spares.take());
        let mut copy = spare.unwrap_or_default();
        copy.common.clone_from(&self.common);
        copy.rule.clone_from(&self.rule);
        (copy.trace_id, copy.parent_id) = (self.trace_id, self.parent_id);
        (copy.start, copy.streamed) = (self.start, self.streamed);
        copy
    }

    /// Gives back what entities that have left still hold; slots stay where they are.
    fn pack_if_worth(&mut self) {
        // A look at all slots has to be worth it.
        let slots = size_of_val(&*self.entities);
        if self.left_bytes < PACK_AT.max(slots / 4) || self.left_bytes * 2 < self.size() {
            return;
        }
        let mut packed = self.empty_copy();
        packed.entities.clone_from(&self.entities);
        packed.free.clone_from(&self.free);
        // Slots that stand empty are no part of what is held, and there are no more of them than entities may be.
        packed.count_bytes((self.held() + 1) * size_of::<EntityData>());
        packed.described.clone_from(&self.described);
        for (index, entity) in self.entities.iter().enumerate() {
            if !entity.id.is_noop() {
                let name = packed.push_text(self.text(entity.name));
                let fresh = &mut packed.entities[index];
                fresh.name = name;
                (fresh.http, fresh.sql, fresh.rest) = (NONE, NONE, NONE);
                (fresh.annotations, fresh.metadata) = (List::EMPTY, List::EMPTY);
                packed.copy_blocks(index as u32, self, entity);
            }
        }
        *self = *packed;
    }

    fn copy_blocks(&mut self, index: u32, from: &Self, entity: &EntityData) {
        let copied = &mut self.entities[index as usize];
        copied.end = entity.end;
        copied.flags = entity.flags;
        copied.namespace = entity.namespace;
        let mut at = entity.annotations.first;
        while at != NONE {
            let item = &from.annotations[at as usize];
            let value = match &item.value {
                AnnotationText::String(text) => {
                    AnnotationText::String(self.push_text(from.text(*text)))
                }
                other => other.clone(),
            };
            let key = self.push_text(from.text(item.key));
            self.push_annotation(index, key, value);
            at = item.next;
        }
        let mut at = entity.metadata.first;
        while at != NONE {
            let item = &from.metadata[at as usize];
            let (namespace, key) = (from.text(item.namespace), from.text(item.key));
            self.push_metadata(index, namespace, key, item.value.clone());
            at = item.next;
        }
        if let Some(http) = from.http.get(entity.http as usize) {
            let mut again = |text: Option<Text>| text.map(|text| self.push_text(from.text(text)));
            let copied = HttpData {
                method: again(http.method),
                url: again(http.url),
                user_agent: again(http.user_agent),
                client_ip: again(http.client_ip),
                ..http.clone()
            };
            *self.http(index) = copied;
        }
        if let Some(sql) = from.sql.get(entity.sql as usize) {
            let mut again = |text: Option<Text>| text.map(|text| self.push_text(from.text(text)));
            let copied = SqlData {
                url: again(sql.url),
                connection_string: again(sql.connection_string),
                sanitized_query: again(sql.sanitized_query),
                database_type: again(sql.database_type),
                database_version: again(sql.database_version),
                driver_version: again(sql.driver_version),
                user: again(sql.user),
                preparation: again(sql.preparation),
            };
            *self.sql(index) = copied;
        }
        if let Some(rest) = from.rest.get(entity.rest as usize) {
            *self.rest(index) = rest.clone();
        }
    }
}
