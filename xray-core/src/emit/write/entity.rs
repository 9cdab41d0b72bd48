use super::Json;
use crate::{document::Namespace, record::flag};

impl Json<'_> {
    /// A segment or subsegment with all that is embedded in it, the fields in the order of
    /// [`Document`](crate::document::Document). It recurses no deeper than the tree goes before an
    /// entity leaves on its own.
    pub(super) fn entity(&mut self, index: u32, is_root: bool) {
        let data = self.data;
        let entity = &data.entities[index as usize];
        let http = data.http.get(entity.http as usize);
        let rest = data.rest.get(entity.rest as usize);
        let is_segment = is_root && self.tree.is_segment(index);
        let common = data.common.as_deref().filter(|_| is_segment);
        let detected = common.map(|common| common.detection.current());

        // Up to the time, what comes next closes the quotes.
        self.text(b"{\"name\":\"", entity.name, b"\",\"id\":\"");
        self.id(entity.id);
        if is_root {
            self.heading(index, is_segment);
        }
        self.time(b"\",\"start_time\":", entity.start);
        if entity.is_open() {
            self.put(b",\"in_progress\":true");
        } else {
            self.time(b",\"end_time\":", entity.end);
        }
        match entity.namespace {
            None => {}
            Some(Namespace::Remote) => self.put(b",\"namespace\":\"remote\""),
            Some(Namespace::Aws) => self.put(b",\"namespace\":\"aws\""),
        }
        if let Some(rest) = rest {
            self.string(b",\"origin\":\"", rest.origin.as_deref());
        }
        if rest.is_none_or(|rest| rest.origin.is_none()) {
            self.string(b",\"origin\":\"", detected.and_then(|detected| detected.origin()));
        }
        if let Some(rest) = rest {
            self.string(b",\"resource_arn\":\"", rest.resource_arn.as_deref());
            self.string(b",\"user\":\"", rest.user.as_deref());
        }
        if let Some(common) = common {
            self.service(common, rest);
        }
        if let Some(http) = http {
            self.http(http);
        }
        self.aws(common, detected, rest);
        if let Some(sql) = data.sql.get(entity.sql as usize) {
            self.sql(sql);
        }
        self.annotations(entity.annotations.first, common);
        if data.metadata.get(entity.metadata.first as usize).is_some() {
            let tree = self.tree;
            self.serialize(b",\"metadata\":", &tree.metadata(entity.metadata.first));
        }
        self.truth(b",\"error\":true", entity.flags & flag::ERROR != 0);
        self.truth(b",\"throttle\":true", entity.flags & flag::THROTTLE != 0);
        self.truth(b",\"fault\":true", entity.is_fault(http));
        if let Some(rest) = rest {
            self.relations(rest);
        }
        self.subsegments(index);
        self.put(b"}");
    }

    /// What only the first entity of a document has.
    fn heading(&mut self, root: u32, is_segment: bool) {
        if let Some(trace_id) = self.data.trace_id {
            self.put(b"\",\"trace_id\":\"");
            self.trace_id(trace_id);
        }
        let parent = self.data.entities[root as usize].parent_id.filter(|_| !is_segment);
        if let Some(parent) = parent.or(self.data.parent_id) {
            self.put(b"\",\"parent_id\":\"");
            self.id(parent);
        }
        self.truth(b"\",\"type\":\"subsegment", !is_segment);
    }

    /// A time that is told in microseconds after the record's start.
    #[inline]
    fn time<const N: usize>(&mut self, key: &[u8; N], offset: u64) {
        self.put(key);
        let micros = self.data.start.saturating_add(offset);
        self.known.times.push(&mut self.buffer, micros);
    }

    fn subsegments(&mut self, of: u32) {
        let tree = self.tree;
        let mut children = tree.children(of);
        let Some(first) = children.next() else { return };
        self.put(b",\"subsegments\":[");
        self.entity(first, false);
        for child in children {
            if self.buffer.len() > self.known.limit {
                return;
            }
            self.put(b",");
            self.entity(child, false);
        }
        self.put(b"]");
    }
}
