//! The objects of an entity, in the order of their fields in the model.

use std::borrow::Cow;

use super::{Json, fixed};
use crate::{
    environment::Detected,
    record::{AnnotationData, AnnotationText, Common, HttpData, Rest, SqlData, Text, service},
    sample::RuleState,
};

impl Json<'_> {
    pub(super) fn service(&mut self, common: &Common, rest: Option<&Rest>) {
        if rest.is_some_and(|rest| !rest.service.is_empty()) {
            self.serialize(b",\"service\":", &service(common.version.as_deref(), rest));
        } else {
            self.buffer.extend_from_slice(&common.fixed.service);
        }
    }

    pub(super) fn http(&mut self, http: &HttpData) {
        self.object(b",\"http\":", |json| {
            json.object(b",\"request\":", |json| {
                let before = json.buffer.len();
                json.optional(b",\"method\":\"", http.method);
                json.optional(b",\"url\":\"", http.url);
                json.optional(b",\"user_agent\":\"", http.user_agent);
                json.optional(b",\"client_ip\":\"", http.client_ip);
                // By itself it says nothing.
                let said = json.buffer.len() > before || http.traced;
                json.truth(b",\"x_forwarded_for\":true", http.x_forwarded_for && said);
                json.truth(b",\"traced\":true", http.traced);
            });
            json.object(b",\"response\":", |json| {
                if let Some(status) = http.status {
                    json.number(b",\"status\":", status.into());
                }
                if let Some(length) = http.content_length {
                    json.number(b",\"content_length\":", length);
                }
            });
        });
    }

    /// The SDK and where it runs, of a segment; what the user said, of any entity.
    pub(super) fn aws(
        &mut self,
        common: Option<&Common>,
        detected: Option<&Detected>,
        rest: Option<&Rest>,
    ) {
        let said = rest.map(|rest| &rest.aws).filter(|fields| !fields.is_empty());
        self.object(b",\"aws\":", |json| {
            if let Some(common) = common {
                json.buffer.extend_from_slice(&common.fixed.xray);
                let rule = json.data.rule.as_deref().map(RuleState::name);
                json.string(b",\"sampling_rule_name\":\"", rule);
                json.put(b"}");
            }
            match (said, detected) {
                (Some(said), Some(detected)) => {
                    let mut fields = Cow::Borrowed(said);
                    detected.complete_aws(&mut fields);
                    json.buffer.extend(fixed::fields(&fields));
                }
                (Some(said), None) => json.buffer.extend(fixed::fields(said)),
                (None, Some(detected)) => json.buffer.extend_from_slice(detected.aws_json()),
                (None, None) => {}
            }
        });
    }

    pub(super) fn sql(&mut self, sql: &SqlData) {
        let before = self.buffer.len();
        self.object(b",\"sql\":", |json| {
            json.optional(b",\"url\":\"", sql.url);
            json.optional(b",\"connection_string\":\"", sql.connection_string);
            json.optional(b",\"sanitized_query\":\"", sql.sanitized_query);
            json.optional(b",\"database_type\":\"", sql.database_type);
            json.optional(b",\"database_version\":\"", sql.database_version);
            json.optional(b",\"driver_version\":\"", sql.driver_version);
            json.optional(b",\"user\":\"", sql.user);
            json.optional(b",\"preparation\":\"", sql.preparation);
        });
        if self.buffer.len() == before {
            self.put(b",\"sql\":{}");
        }
    }

    /// The entity's annotations, then those of the recorder whose keys it has not used.
    pub(super) fn annotations(&mut self, first: u32, common: Option<&Common>) {
        let data = self.data;
        self.object(b",\"annotations\":", |json| {
            let mut at = first;
            while let Some(item) = data.annotations.get(at as usize) {
                json.annotation(item);
                at = item.next;
            }
            for (key, field) in common.iter().flat_map(|common| &common.fixed.annotations) {
                if !json.has_annotation(first, key) {
                    json.buffer.extend_from_slice(field);
                }
            }
        });
    }

    #[inline]
    fn annotation(&mut self, item: &AnnotationData) {
        match item.value {
            AnnotationText::Bool(true) => return self.text(b",\"", item.key, b"\":true"),
            AnnotationText::Bool(false) => return self.text(b",\"", item.key, b"\":false"),
            _ => self.text(b",\"", item.key, b"\":"),
        }
        match item.value {
            AnnotationText::String(text) => self.text(b"\"", text, b"\""),
            AnnotationText::Unsigned(value) => self.number(b"", value),
            AnnotationText::Integer(value) => match u64::try_from(value) {
                Ok(value) => self.number(b"", value),
                Err(_) => self.number(b"-", value.unsigned_abs()),
            },
            AnnotationText::Float(value) => self.serialize(b"", &value),
            AnnotationText::Bool(_) => {}
        }
    }

    fn has_annotation(&self, first: u32, key: &str) -> bool {
        let mut at = first;
        while let Some(item) = self.data.annotations.get(at as usize) {
            if self.data.text(item.key) == key {
                return true;
            }
            at = item.next;
        }
        false
    }

    /// The errors behind an entity's flags, and the other entities it belongs with.
    pub(super) fn relations(&mut self, rest: &Rest) {
        let tree = self.tree;
        if let Some(cause) = tree.cause(rest) {
            self.serialize(b",\"cause\":", &cause);
        }
        if !rest.precursors.is_empty() {
            self.serialize(b",\"precursor_ids\":", &rest.precursors);
        }
        if !rest.links.is_empty() {
            self.serialize(b",\"links\":", &rest.links);
        }
    }

    #[inline]
    fn optional<const N: usize>(&mut self, key: &[u8; N], text: Option<Text>) {
        if let Some(text) = text {
            self.text(key, text, b"\"");
        }
    }
}
