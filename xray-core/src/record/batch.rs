//! What is recorded of an entity in one go: under one lock, which code of the user's must not find taken.

use std::cell::Cell;

use serde::Serialize;
use serde_json::Value;

use super::{Entity, blocks::metadata_of, journal::NotedValue};
use crate::document::{
    AnnotationValue, Exception, MAX_ANNOTATION_KEY, MAX_ANNOTATION_VALUE, Namespace, cut,
    is_annotation_value, warn_of_key,
};

thread_local! {
    /// What the last batch of this thread was written in.
    static LAST: Cell<Option<Box<Batch>>> = const { Cell::new(None) };
}

/// Bytes of text past which it is not worth keeping.
const LONG: usize = 16 * 1024;

/// Several things that are recorded together, which cost less than one after the other. Made by
/// [`Entity::batch`]; each is as the entity's own.
#[derive(Debug, Default)]
pub struct Batch {
    pub(super) namespace: Option<Namespace>,
    /// The value, and the length of the key.
    pub(super) annotations: Vec<(NotedValue, u16)>,
    /// Keys and values of the annotations, one behind the other.
    pub(super) texts: String,
    /// What has no place in a journal.
    rest: Vec<Rest>,
}

#[derive(Debug)]
enum Rest {
    Metadata(String, String, Value),
    Exceptions(Vec<Exception>),
    Fault(bool),
}

impl Entity {
    /// Runs `write` where something is recorded, and records what it has written.
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
    pub fn batch(&self, write: impl FnOnce(&mut Batch)) {
        if self.is_sampled() {
            Batch::written(write, |batch| {
                self.note_all(batch);
                batch.record_rest(self);
            });
        }
    }
}

impl Batch {
    /// Hands a batch on that is written before.
    #[inline]
    pub(super) fn written<T>(
        write: impl FnOnce(&mut Self),
        hand_on: impl FnOnce(&mut Self) -> T,
    ) -> T {
        // Taken away, since what is written may come from code that records as well.
        let mut batch = LAST.try_with(Cell::take).ok().flatten().unwrap_or_default();
        write(&mut batch);
        let outcome = hand_on(&mut batch);
        batch.clear();
        let _ = LAST.try_with(|last| last.set(Some(batch)));
        outcome
    }

    /// As [`Entity::annotate_mended`].
    #[inline]
    pub fn annotate_mended<'v>(&mut self, key: &str, value: impl Into<AnnotationValue<'v>>) {
        if key.len() > MAX_ANNOTATION_KEY {
            return warn_of_key(key);
        }
        let value = value.into();
        if !is_annotation_value(key, &value) {
            return;
        }
        self.texts.push_str(key);
        let value = match value {
            AnnotationValue::String(text) => {
                let text = cut(&text, MAX_ANNOTATION_VALUE);
                self.texts.push_str(text);
                NotedValue::text(text.len() as u16)
            }
            AnnotationValue::Integer(value) => NotedValue::integer(value),
            AnnotationValue::Unsigned(value) => NotedValue::unsigned(value),
            AnnotationValue::Float(value) => NotedValue::float(value),
            AnnotationValue::Bool(value) => NotedValue::bool(value),
        };
        self.annotations.push((value, key.len() as u16));
    }

    /// As [`Entity::namespace`].
    #[inline]
    pub fn namespace(&mut self, namespace: Namespace) {
        self.namespace = Some(namespace);
    }

    /// As [`Entity::metadata_in`].
    pub fn metadata_in(&mut self, namespace: &str, key: &str, value: impl Serialize) {
        if let Some((namespace, key, value)) = metadata_of(namespace, key, value) {
            self.rest.push(Rest::Metadata(namespace.to_owned(), key.to_owned(), value));
        }
    }

    /// As [`Entity::record_exception_chain`].
    pub fn record_exception_chain(&mut self, chain: Vec<Exception>) {
        self.rest.push(Rest::Exceptions(chain));
    }

    /// As [`Entity::set_fault`].
    pub fn set_fault(&mut self, fault: bool) {
        self.rest.push(Rest::Fault(fault));
    }

    /// Whether there is nothing to note.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.annotations.is_empty() && self.namespace.is_none()
    }

    /// Records what is not noted.
    #[inline]
    pub(super) fn record_rest(&mut self, entity: &Entity) {
        for item in self.rest.drain(..) {
            match item {
                Rest::Metadata(namespace, key, value) => {
                    entity.set_metadata(&namespace, &key, value);
                }
                Rest::Exceptions(chain) => entity.record_exception_chain(chain),
                Rest::Fault(fault) => entity.set_fault(fault),
            }
        }
    }

    #[inline]
    pub(super) fn has_rest(&self) -> bool {
        !self.rest.is_empty()
    }

    #[inline]
    fn clear(&mut self) {
        if self.texts.capacity() > LONG {
            *self = Self::default();
        }
        self.namespace = None;
        self.annotations.clear();
        self.texts.clear();
        self.rest.clear();
    }
}
