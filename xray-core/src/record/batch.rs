//! Annotations that are noted together: under one lock, which user's code must not find taken.

use std::cell::Cell;

use super::{
    Entity,
    journal::{Journal, Note, NotedValue},
};
use crate::document::{
    AnnotationValue, MAX_ANNOTATION_KEY, MAX_ANNOTATION_VALUE, Namespace, cut, is_annotation_value,
    warn_of_key,
};

thread_local! {
    /// What the last batch of this thread was written in.
    static DRAFT: Cell<Option<Box<Journal>>> = const { Cell::new(None) };
}

/// Annotations of an entity that are written together. Made by [`Entity::batch`].
#[derive(Debug)]
pub struct Batch<'a> {
    entity: &'a Entity,
    index: u32,
    /// Annotations and namespaces alone.
    draft: &'a mut Journal,
}

impl Entity {
    /// Runs `write` where something is recorded, for several annotations: they cost less than one after
    /// the other, and are there when it returns.
    ///
    /// ```
    /// use xray_core::Entity;
    ///
    /// Entity::current().batch(|batch| {
    ///     batch.annotate_mended("http.route", "/orders/{id}");
    ///     batch.annotate_mended("items", 3);
    /// });
    /// ```
    #[inline]
    pub fn batch(&self, write: impl FnOnce(&mut Batch<'_>)) {
        if !self.is_sampled() {
            return;
        }
        // Taken away, since what is written may come from code that records as well.
        let mut draft = DRAFT.try_with(Cell::take).ok().flatten().unwrap_or_default();
        write(&mut Batch { entity: self, index: self.index(), draft: &mut draft });
        self.note_all(&draft);
        draft.clear();
        let _ = DRAFT.try_with(|place| place.set(Some(draft)));
    }
}

impl<'a> Batch<'a> {
    /// Whose annotations these are.
    #[must_use]
    pub fn entity(&self) -> &'a Entity {
        self.entity
    }

    /// As [`Entity::annotate_mended`].
    #[inline]
    pub fn annotate_mended<'v>(&mut self, key: &str, value: impl Into<AnnotationValue<'v>>) {
        match value.into() {
            AnnotationValue::String(text) => self.text(key, &text),
            AnnotationValue::Integer(value) => self.note(key, NotedValue::Integer(value)),
            AnnotationValue::Unsigned(value) => self.note(key, NotedValue::Unsigned(value)),
            AnnotationValue::Bool(value) => self.note(key, NotedValue::Bool(value)),
            AnnotationValue::Float(number) => {
                if is_annotation_value(key, &AnnotationValue::Float(number)) {
                    self.note(key, NotedValue::Float(number));
                }
            }
        }
    }

    /// As [`Entity::namespace`].
    #[inline]
    pub fn namespace(&mut self, namespace: Namespace) {
        self.draft.note(Note::Namespace { entity: self.index, namespace });
    }

    #[inline]
    fn text(&mut self, key: &str, text: &str) {
        if key.len() > MAX_ANNOTATION_KEY {
            return warn_of_key(key);
        }
        let key = self.draft.text(Some(key));
        let value = NotedValue::Text(self.draft.text(Some(cut(text, MAX_ANNOTATION_VALUE))));
        self.annotation(key, value);
    }

    #[inline]
    fn note(&mut self, key: &str, value: NotedValue) {
        if key.len() > MAX_ANNOTATION_KEY {
            return warn_of_key(key);
        }
        let key = self.draft.text(Some(key));
        self.annotation(key, value);
    }

    #[inline]
    fn annotation(&mut self, key: u16, value: NotedValue) {
        self.draft.note(Note::Annotation { value, entity: self.index, key, mend: true });
    }
}
