use std::{borrow::Cow, error::Error, fmt};

use serde::Serialize;
use tracing_core::{Field, field::Visit, span::Attributes};
use xray_core::{
    AnnotationValue, Batch, Namespace,
    document::{Exception, MAX_ANNOTATION_VALUE, MAX_TEXT, start_of},
};

/// The metadata namespace of what comes from `tracing`.
pub(crate) const NAMESPACE: &str = "tracing";

/// What becomes of a field of a span. See [`XRayTracing::fields`](crate::XRayTracing::fields).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldRule {
    /// Texts, numbers and truth values are annotations; what is given with `?` or `%`, and text over
    /// 1,000 bytes, is metadata; errors are exceptions.
    #[default]
    ByType,
    /// It is an annotation, however it is given. Text is cut at 1,000 characters.
    Annotation,
    /// It is metadata in the namespace `tracing`. Text is cut at 4,096 characters.
    Metadata,
    /// It is not looked at.
    Ignore,
}

/// The user's rule, by a field's name.
pub(crate) type Rule = dyn Fn(&str) -> FieldRule + Send + Sync;

/// Records fields on an entity.
pub(crate) struct Fields<'a> {
    batch: &'a mut Batch,
    rule: Option<&'a Rule>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(batch: &'a mut Batch, rule: Option<&'a Rule>) -> Self {
        Self { batch, rule }
    }

    #[inline]
    fn rule(&self, name: &str) -> FieldRule {
        self.rule.map_or(FieldRule::ByType, |rule| rule(name))
    }

    #[inline]
    fn plain<V>(&mut self, field: &Field, value: V)
    where
        V: Into<AnnotationValue<'static>> + Serialize,
    {
        let name = field.name();
        match self.rule(name) {
            FieldRule::ByType | FieldRule::Annotation => self.batch.annotate_mended(name, value),
            FieldRule::Metadata => self.batch.metadata_in(NAMESPACE, name, value),
            FieldRule::Ignore => {}
        }
    }

    /// Text within bounds.
    #[cold]
    fn metadata(&mut self, name: &str, text: &str) {
        if !self.batch.may_run_code() {
            return;
        }
        let text = start_of(format_args!("{text}"), MAX_TEXT);
        self.batch.metadata_in(NAMESPACE, name, text);
    }

    /// The words by which spans that were written for OpenTelemetry say what they are.
    #[inline]
    fn special(&mut self, name: &str, value: &str) -> bool {
        name.strip_prefix("otel.").is_some_and(|name| self.otel(name, value))
    }

    fn otel(&mut self, name: &str, value: &str) -> bool {
        match name {
            // Taken when the span began.
            "name" => {}
            "kind" => {
                let is_remote = |kind: &str| value.eq_ignore_ascii_case(kind);
                if value == "client" || is_remote("client") || is_remote("producer") {
                    self.batch.namespace(Namespace::Remote);
                }
            }
            "status_code" => {
                if value.eq_ignore_ascii_case("error") {
                    self.batch.set_fault(true);
                }
            }
            _ => return false,
        }
        true
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let name = field.name();
        match self.rule(name) {
            FieldRule::ByType if self.special(name, value) => {}
            FieldRule::ByType if value.len() > MAX_ANNOTATION_VALUE => {
                self.metadata(name, value);
            }
            FieldRule::ByType | FieldRule::Annotation => self.batch.annotate_mended(name, value),
            FieldRule::Metadata => self.metadata(name, value),
            FieldRule::Ignore => {}
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.plain(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if !self.batch.may_run_code() {
            return;
        }
        match self.rule(field.name()) {
            FieldRule::ByType => self.batch.record_exception_chain(Exception::chain_of(value)),
            FieldRule::Annotation | FieldRule::Metadata => {
                self.record_debug(field, &format_args!("{value}"));
            }
            FieldRule::Ignore => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let name = field.name();
        let rule = self.rule(name);
        if rule == FieldRule::Ignore || !self.batch.may_run_code() {
            return;
        }
        let text = text_of(value);
        match rule {
            FieldRule::ByType if self.special(name, &text) => {}
            FieldRule::Annotation => self.batch.annotate_mended(name, text),
            _ => self.batch.metadata_in(NAMESPACE, name, text),
        }
    }
}

/// What a value says of itself, within bounds.
pub(crate) fn text_of(value: &dyn fmt::Debug) -> String {
    let text = start_of(format_args!("{value:?}"), MAX_TEXT);
    text.unwrap_or_else(|| "[the field's Debug or Display panicked]".to_owned())
}

/// What a span is called: the value of `otel.name`, if it is made with that.
pub(crate) struct Name(Option<String>);

impl Name {
    const FIELD: &str = "otel.name";

    pub(crate) fn of(attributes: &Attributes<'_>) -> Cow<'static, str> {
        let metadata = attributes.metadata();
        let mut name = Self(None);
        if metadata.fields().field(Self::FIELD).is_some() {
            attributes.record(&mut name);
        }
        name.0.map_or(Cow::Borrowed(metadata.name()), Cow::Owned)
    }
}

impl Visit for Name {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == Self::FIELD {
            self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == Self::FIELD {
            self.0 = Some(text_of(value));
        }
    }
}
