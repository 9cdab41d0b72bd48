//! From an event to an exception, or to an entry of metadata.

use std::{
    error::Error,
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value, json};
use tracing_core::{Event, Field, field::Visit};
use xray_core::{Entity, document::Exception};

use crate::fields::{FieldRule, NAMESPACE, Rule, text_of};

/// Events of an entity that are kept as metadata; ours, so that a loop cannot fill a trace.
const MAX_EVENTS: usize = 100;

/// What an event says.
#[derive(Default)]
pub(crate) struct Told<'a> {
    rule: Option<&'a Rule>,
    /// Whether all fields are wanted.
    whole: bool,
    message: Option<String>,
    /// An error that is only known by its text.
    error: Option<String>,
    /// One that is known as such, and its causes.
    chain: Vec<Exception>,
    /// Where an event of the `log` crate really comes from.
    log_target: Option<String>,
    fields: Map<String, Value>,
}

impl<'a> Told<'a> {
    pub(crate) fn by(event: &Event<'_>, whole: bool, rule: Option<&'a Rule>) -> Self {
        let mut told = Self { whole, rule, ..Self::default() };
        event.record(&mut told);
        told
    }

    /// Whether the SDK says it of itself, which is not the program's concern: recording it might go on
    /// for ever.
    pub(crate) fn is_ours(&self) -> bool {
        self.log_target.as_deref().is_some_and(is_ours)
    }

    pub(crate) fn record_exception(&mut self, event: &Event<'_>, entity: &Entity) {
        let metadata = event.metadata();
        let mut chain = std::mem::take(&mut self.chain);
        let text = match (&self.message, &self.error) {
            (Some(message), Some(error)) => Some(format!("{message}: {error}")),
            (Some(text), None) | (None, Some(text)) => Some(text.clone()),
            (None, None) if chain.is_empty() => Some(metadata.name().to_owned()),
            (None, None) => None,
        };
        let mut first = match text {
            Some(text) => Exception::new("Error", text),
            None => chain.remove(0),
        };
        if let Some(file) = metadata.file() {
            let module = metadata.module_path().unwrap_or_default();
            first = first.frame(file, metadata.line().unwrap_or_default(), module);
        }
        chain.insert(0, first);
        entity.record_exception_chain(chain);
    }

    pub(crate) fn record_entry(self, event: &Event<'_>, entity: &Entity) {
        let metadata = event.metadata();
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut entry = json!({
            "time": time.as_micros() as f64 / 1e6,
            "level": metadata.level().as_str(),
            "target": self.log_target.as_deref().unwrap_or(metadata.target()),
        });
        if let Some(message) = self.message {
            entry["message"] = message.into();
        }
        if !self.fields.is_empty() {
            entry["fields"] = self.fields.into();
        }
        entity.append_metadata(NAMESPACE, "events", entry, MAX_EVENTS);
    }

    fn keep(&mut self, field: &Field, value: impl Into<Value>) {
        // What the `log` crate's bridge adds beside the message.
        let added = field.name().starts_with("log.");
        if self.whole && !added && self.rule_of(field) != FieldRule::Ignore {
            self.fields.insert(field.name().to_owned(), value.into());
        }
    }

    fn rule_of(&self, field: &Field) -> FieldRule {
        self.rule.map_or(FieldRule::ByType, |rule| rule(field.name()))
    }

    /// A text, made only where it is wanted.
    fn text(&mut self, field: &Field, text: impl FnOnce() -> String) {
        match field.name() {
            "message" => self.message = Some(text()),
            "log.target" => self.log_target = Some(text()),
            _ if self.rule_of(field) == FieldRule::Ignore => {}
            "error" | "err" => {
                let text = text();
                self.keep(field, text.as_str());
                self.error = Some(text);
            }
            _ if self.whole => self.keep(field, text()),
            _ => {}
        }
    }
}

/// Whether a target is one of the SDK's own.
pub(crate) fn is_ours(target: &str) -> bool {
    target == "xray_core" || target.starts_with("xray_core::")
}

impl Visit for Told<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, || text_of(&format_args!("{value}")));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.keep(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if self.rule_of(field) == FieldRule::Ignore {
            return;
        }
        if self.whole {
            self.keep(field, text_of(&format_args!("{value}")));
        }
        if self.chain.is_empty() {
            self.chain = Exception::chain_of(value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, || text_of(value));
    }
}
