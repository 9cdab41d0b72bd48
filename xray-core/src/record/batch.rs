//! Annotations that are noted together: under one lock, which user's code must not find taken.

use std::{cell::Cell, mem};

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
    static DRAFT: Cell<Option<Journal>> = const { Cell::new(None) };
}

/// Several annotations of an entity, which cost less than one after the other. Made by [`Entity::batch`];
/// they are recorded when it is dropped.
#[derive(Debug)]
#[must_use = "annotations are recorded when the batch is dropped"]
pub struct Batch<'a> {
    entity: &'a Entity,
    /// Annotations and namespaces alone.
    draft: Journal,
}

impl Entity {
    /// Begins to write several annotations.
    ///
    /// ```
    /// use xray_core::Entity;
    ///
    /// let entity = Entity::current();
    /// let mut batch = entity.batch();
    /// batch.annotate_mended("http.route", "/orders/{id}");
    /// batch.annotate_mended("items", 3);
    /// ```
    pub fn batch(&self) -> Batch<'_> {
        let draft = DRAFT.try_with(Cell::take).ok().flatten().unwrap_or_default();
        Batch { entity: self, draft }
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
        self.draft.note(Note::Namespace { entity: self.entity.index(), namespace });
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
        let entity = self.entity.index();
        self.draft.note(Note::Annotation { value, entity, key, mend: true });
    }
}

impl Drop for Batch<'_> {
    #[inline]
    fn drop(&mut self) {
        let mut draft = mem::replace(&mut self.draft, Journal::empty());
        self.entity.note_all(&draft);
        draft.clear();
        let _ = DRAFT.try_with(|place| place.set(Some(draft)));
    }
}
