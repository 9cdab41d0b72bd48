//! A part of a record as a record of its own.

use super::data::{AnnotationText, Data, EntityData, HttpData, NONE, SqlData, Text};

impl Data {
    /// A record of `root` and of what lies under it and passes `keep`; the others' children go too.
    pub(crate) fn subtree(&self, root: u32, keep: impl Fn(&EntityData) -> bool) -> Self {
        let mut copy = Self {
            common: self.common.clone(),
            trace_id: self.trace_id,
            parent_id: self.parent_id,
            streamed: self.streamed,
            start: self.start,
            ..Self::default()
        };
        if root != 0 {
            copy.streamed = true;
            let parent = self.entities[root as usize].parent;
            copy.parent_id = self.entities.get(parent as usize).map(|parent| parent.id);
        }
        // Parents stand before their children, so one pass in order knows each parent's new place.
        let mut places = vec![NONE; self.entities.len()];
        for (index, entity) in self.entities.iter().enumerate().skip(root as usize) {
            let parent = places.get(entity.parent as usize).copied().unwrap_or(NONE);
            if index != root as usize && (parent == NONE || !keep(entity)) {
                continue;
            }
            places[index] = copy.copy_entity(self, entity, parent);
        }
        copy
    }

    fn copy_entity(&mut self, from: &Self, entity: &EntityData, parent: u32) -> u32 {
        let index = self.push_entity(entity.id, parent, from.text(entity.name), entity.start);
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
            self.annotate(index, from.text(item.key), value);
            at = item.next;
        }
        let mut at = entity.metadata.first;
        while at != NONE {
            let item = &from.metadata[at as usize];
            let (namespace, key) = (from.text(item.namespace), from.text(item.key));
            self.set_metadata(index, namespace, key, item.value.clone());
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
            self.set_sql(index, copied);
        }
        if let Some(rest) = from.rest.get(entity.rest as usize) {
            *self.rest(index) = rest.clone();
        }
        index
    }
}
