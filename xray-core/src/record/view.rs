//! From the flat record to documents.

use std::borrow::Cow;

use super::{
    data::Data,
    slots::{AnnotationText, EntityData, HttpData, NONE, Rest, SqlData, Text, flag},
    stack::resolved,
};
use crate::{
    document::{
        AnnotationValue, Annotations, Aws, Cause, Document, Http, HttpRequest, HttpResponse,
        MAX_DEPTH, Metadata, Service, Sql, XRay,
    },
    sample::RuleState,
};

/// A record's tree, ready to give documents.
pub(crate) struct Tree<'a> {
    pub(crate) data: &'a Data,
    /// Entities that leave in a document of their own: deep ones, and those of a tree that was split.
    /// Empty while there are none.
    own: Vec<bool>,
}

impl<'a> Tree<'a> {
    pub(crate) fn new(data: &'a Data) -> Self {
        Self { data, own: Vec::new() }
    }

    /// The entities that begin a document beside the record's first, which leaves after them: every
    /// [`MAX_DEPTH`] levels there are some. The deepest come last.
    pub(crate) fn deep_roots(&mut self) -> Vec<u32> {
        let mut roots = Vec::new();
        if !self.is_deep() {
            return roots;
        }
        let mut level = vec![0];
        let mut depth = 0;
        while !level.is_empty() {
            level = level.iter().flat_map(|&index| self.data.children(index)).collect();
            depth += 1;
            if depth % MAX_DEPTH == 0 {
                self.set_apart(&level);
                roots.extend(&level);
            }
        }
        roots
    }

    /// Whether there are [`MAX_DEPTH`] levels under the first entity. It allocates nothing, since most
    /// trees are shallow.
    fn is_deep(&self) -> bool {
        let entities = &self.data.entities;
        if entities.len() <= MAX_DEPTH as usize {
            return false;
        }
        let (mut at, mut depth) = (0, 0);
        while let Some(mut entity) = entities.get(at as usize) {
            if entity.children.first != NONE {
                at = entity.children.first;
                depth += 1;
                if depth == MAX_DEPTH {
                    return true;
                }
                continue;
            }
            while at != 0 && entity.next_sibling == NONE {
                at = entity.parent;
                depth -= 1;
                let Some(parent) = entities.get(at as usize) else { return true };
                entity = parent;
            }
            if at == 0 {
                return false;
            }
            at = entity.next_sibling;
        }
        true
    }

    /// Gives each embedded child of `root` a document of its own; returns these children.
    pub(crate) fn split(&mut self, root: u32) -> Vec<u32> {
        let children: Vec<u32> = self.children(root).collect();
        self.set_apart(&children);
        children
    }

    fn set_apart(&mut self, entities: &[u32]) {
        self.own.resize(self.data.entities.len(), false);
        entities.iter().for_each(|&index| self.own[index as usize] = true);
    }

    /// The subsegments that are embedded in the entity.
    pub(crate) fn children(&self, of: u32) -> impl Iterator<Item = u32> + '_ {
        let own = |child: u32| self.own.get(child as usize).copied().unwrap_or(false);
        self.data.children(of).filter(move |&child| !own(child))
    }

    /// Whether the user's hook lets the document of `root` leave.
    pub(crate) fn keeps(&self, root: u32) -> bool {
        let common = self.data.common.as_ref();
        let hook = common.and_then(|common| Some((common, common.before_emit.as_ref()?)));
        hook.is_none_or(|(common, hook)| hook.keeps(&self.document(root), &common.counters))
    }

    /// The document of `root`, if the user's hook lets it leave.
    pub(crate) fn kept_document(&self, root: u32) -> Option<Document<'a>> {
        self.keeps(root).then(|| self.document(root))
    }

    /// Whether the document of `root` is one of a segment, not of a subsegment on its own.
    pub(crate) fn is_segment(&self, root: u32) -> bool {
        root == 0 && !self.data.streamed
    }

    /// The document of `root`, with all that is embedded in it.
    pub(crate) fn document(&self, root: u32) -> Document<'a> {
        let mut document = self.entity(root);
        let data = self.data;
        document.trace_id = data.trace_id;
        if self.is_segment(root) {
            document.parent_id = data.parent_id;
            self.add_segment_fields(&mut document);
        } else {
            document.kind = Some("subsegment");
            let parent = data.entities[root as usize].parent_id;
            document.parent_id = parent.or(data.parent_id);
        }
        document
    }

    fn add_segment_fields(&self, document: &mut Document<'a>) {
        let Some(common) = &self.data.common else { return };
        let own = self.data.entities.first().and_then(|segment| self.rest(segment));
        document.service = Some(service(common.version.as_deref(), own));
        let rule = self.data.rule.as_deref().map(RuleState::name);
        document.aws.get_or_insert_default().xray = Some(xray(rule));
        for (key, value) in &common.annotations {
            let annotations = &mut document.annotations.entries;
            if !annotations.iter().any(|(own, _)| own == key) {
                annotations.push((key, value.clone()));
            }
        }
        common.detection.current().complete(document);
    }

    /// Recurses no deeper than [`MAX_DEPTH`], since deeper entities are roots.
    fn entity(&self, index: u32) -> Document<'a> {
        let data = self.data;
        let entity = &data.entities[index as usize];
        let http = data.http.get(entity.http as usize);
        let rest = self.rest(entity);
        let set = |bit| entity.flags & bit != 0;
        Document {
            name: Cow::Borrowed(data.text(entity.name)),
            id: entity.id,
            trace_id: None,
            parent_id: None,
            kind: None,
            start_time: self.seconds(entity.start),
            end_time: (!entity.is_open()).then(|| self.seconds(entity.end)),
            in_progress: entity.is_open(),
            namespace: entity.namespace,
            origin: rest.and_then(|rest| rest.origin.as_deref()).map(Cow::Borrowed),
            resource_arn: rest.and_then(|rest| rest.resource_arn.as_deref()).map(Cow::Borrowed),
            user: rest.and_then(|rest| rest.user.as_deref()).map(Cow::Borrowed),
            service: None,
            http: http.and_then(|http| self.http(http)),
            aws: rest
                .filter(|rest| !rest.aws.is_empty())
                .map(|rest| Aws { xray: None, fields: Cow::Borrowed(&rest.aws) }),
            sql: data.sql.get(entity.sql as usize).map(|sql| self.sql(sql)),
            annotations: self.annotations(entity.annotations.first),
            metadata: self.metadata(entity.metadata.first),
            error: set(flag::ERROR),
            throttle: set(flag::THROTTLE),
            fault: entity.is_fault(http),
            cause: rest.and_then(|rest| self.cause(rest)),
            precursor_ids: rest.map_or(&[], |rest| &rest.precursors),
            links: rest.map_or(&[], |rest| &rest.links),
            subsegments: self.children(index).map(|child| self.entity(child)).collect(),
        }
    }

    fn rest(&self, entity: &EntityData) -> Option<&'a Rest> {
        self.data.rest.get(entity.rest as usize)
    }

    /// Seconds since the epoch; a double holds microseconds exactly for the next centuries.
    fn seconds(&self, offset: u64) -> f64 {
        self.data.start.saturating_add(offset) as f64 / 1e6
    }

    fn text(&self, text: Option<Text>) -> Option<&'a str> {
        text.map(|text| self.data.text(text))
    }

    fn http(&self, http: &HttpData) -> Option<Http<'a>> {
        let request = HttpRequest {
            method: self.text(http.method),
            url: self.text(http.url),
            user_agent: self.text(http.user_agent),
            client_ip: self.text(http.client_ip),
            x_forwarded_for: http.x_forwarded_for,
            traced: http.traced,
        };
        let empty = request.method.is_none()
            && request.url.is_none()
            && request.user_agent.is_none()
            && request.client_ip.is_none()
            && !request.traced;
        let response = HttpResponse { status: http.status, content_length: http.content_length };
        let answered = response.status.is_some() || response.content_length.is_some();
        (!empty || answered).then_some(Http {
            request: (!empty).then_some(request),
            response: answered.then_some(response),
        })
    }

    fn sql(&self, sql: &SqlData) -> Sql<'a> {
        let text = |text| self.text(text).map(Cow::Borrowed);
        Sql {
            url: text(sql.url),
            connection_string: text(sql.connection_string),
            sanitized_query: text(sql.sanitized_query),
            database_type: text(sql.database_type),
            database_version: text(sql.database_version),
            driver_version: text(sql.driver_version),
            user: text(sql.user),
            preparation: text(sql.preparation),
        }
    }

    fn annotations(&self, mut at: u32) -> Annotations<'a> {
        let mut annotations = Annotations::default();
        while at != NONE {
            let item = &self.data.annotations[at as usize];
            let value = match item.value {
                AnnotationText::String(text) => AnnotationValue::from(self.data.text(text)),
                AnnotationText::Integer(value) => AnnotationValue::Integer(value),
                AnnotationText::Unsigned(value) => AnnotationValue::Unsigned(value),
                AnnotationText::Float(value) => AnnotationValue::Float(value),
                AnnotationText::Bool(value) => AnnotationValue::Bool(value),
            };
            annotations.entries.push((self.data.text(item.key), value));
            at = item.next;
        }
        annotations
    }

    pub(crate) fn metadata(&self, mut at: u32) -> Metadata<'a> {
        let mut metadata = Metadata::default();
        while at != NONE {
            let item = &self.data.metadata[at as usize];
            let (namespace, key) = (self.data.text(item.namespace), self.data.text(item.key));
            metadata.entries.push((namespace, key, &item.value));
            at = item.next;
        }
        // Stable, so that the keys of a namespace keep their order.
        metadata.entries.sort_by_key(|entry| entry.0);
        metadata
    }

    pub(crate) fn cause(&self, rest: &'a Rest) -> Option<Cause<'a>> {
        if rest.exceptions.is_empty() {
            return rest.cause_id.map(Cause::Id);
        }
        let common = self.data.common.as_ref();
        let most = common.map_or(usize::MAX, |common| common.stack_frames);
        let exceptions = rest.exceptions.iter();
        Some(Cause::Exceptions {
            working_directory: common
                .and_then(|common| common.working_directory.as_deref())
                .map(Cow::Borrowed),
            exceptions: exceptions.map(|exception| resolved(exception, most)).collect(),
        })
    }
}

/// This SDK, and the rule that sampled the segment.
pub(crate) fn xray(sampling_rule_name: Option<&str>) -> XRay<'_> {
    XRay { sdk: "X-Ray for Rust", sdk_version: env!("CARGO_PKG_VERSION"), sampling_rule_name }
}

/// What the user said of the program comes before what the SDK knows.
pub(crate) fn service<'a>(version: Option<&'a str>, said: Option<&'a Rest>) -> Service<'a> {
    let fields = said.map(|said| &said.service).filter(|fields| !fields.is_empty());
    let unless_said = |key: &str, value: Option<&'a str>| {
        value.filter(|_| fields.is_none_or(|fields| !fields.contains_key(key)))
    };
    Service {
        version: unless_said("version", version),
        runtime: unless_said("runtime", Some("rustc")),
        runtime_version: unless_said("runtime_version", Some(env!("XRAY_RUSTC_VERSION"))),
        fields,
    }
}
