//! What is recorded of an entity in one go: under one lock, which code of the user's must not find taken.

use std::{cell::Cell, mem};

use serde::Serialize;
use serde_json::Value;

use super::{
    Entity,
    blocks::metadata_of,
    journal::{Journal, Note, NotedValue},
};
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
    /// Notes of annotations, and of whatever else is noted where they are those of a journal.
    pub(super) notes: Vec<Note>,
    /// Keys and values of the annotations, one behind the other.
    pub(super) texts: String,
    /// What has no place in a journal.
    rest: Vec<Rest>,
    /// Whose the annotations are, where that is known.
    entity: u32,
    stage: Stage,
    /// Something was left for later.
    owes: bool,
}

/// When a batch is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// All at once, with no lock held.
    #[default]
    Whole,
    /// Into the journal itself, under its lock.
    Locked,
    /// What was not written under the lock, since it may run code of others.
    Later,
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
        Self::lent(|batch| {
            write(batch);
            hand_on(batch)
        })
    }

    /// Hands an empty batch on.
    #[inline]
    pub(super) fn lent<T>(hand_on: impl FnOnce(&mut Self) -> T) -> T {
        // Taken away, since what is written may come from code that records as well.
        let mut batch = LAST.try_with(Cell::take).ok().flatten().unwrap_or_default();
        let outcome = hand_on(&mut batch);
        batch.clear();
        let _ = LAST.try_with(|last| last.set(Some(batch)));
        outcome
    }

    /// As [`Entity::annotate_mended`].
    #[inline]
    pub fn annotate_mended<'v>(&mut self, key: &str, value: impl Into<AnnotationValue<'v>>) {
        let value = value.into();
        let is_odd = matches!(value, AnnotationValue::Float(value) if !value.is_finite());
        if is_odd || key.len() > MAX_ANNOTATION_KEY {
            return self.refuse(key, &value);
        }
        if self.stage == Stage::Later {
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
        let key = key.len() as u16;
        self.notes.push(Note::annotation(value, self.entity, key, true));
    }

    /// The log is told, which is code of the program's.
    #[cold]
    fn refuse(&mut self, key: &str, value: &AnnotationValue<'_>) {
        if !self.may_run_code() {
        } else if key.len() > MAX_ANNOTATION_KEY {
            warn_of_key(key);
        } else {
            is_annotation_value(key, value);
        }
    }

    /// Whether code of others may run now, such as a value's `Debug`. Where it may not, since a lock of the trace's is held,
    /// the batch is written once more, and then it may: see [`Spans::open`](crate::bridge::Spans::open).
    #[inline]
    pub fn may_run_code(&mut self) -> bool {
        self.owes |= self.stage == Stage::Locked;
        self.stage != Stage::Locked
    }

    /// Is written into a journal, under its lock, as what is known of an entity.
    #[inline]
    pub(super) fn write_into(
        &mut self,
        journal: &mut Journal,
        entity: u32,
        write: impl FnOnce(&mut Self),
    ) {
        (self.stage, self.entity) = (Stage::Locked, entity);
        let lent = Lent::of(self, journal);
        write(lent.batch);
        if let Some(namespace) = lent.batch.namespace.take() {
            lent.batch.notes.push(Note::Namespace { entity, namespace });
        }
        drop(lent);
        self.stage = Stage::Whole;
    }

    /// Is written again, if something is left.
    #[inline]
    pub(super) fn write_rest(&mut self, write: impl FnOnce(&mut Self)) -> bool {
        if self.owes {
            self.stage = Stage::Later;
            write(self);
            (self.stage, self.owes) = (Stage::Whole, false);
            return true;
        }
        false
    }

    /// As [`Entity::namespace`].
    #[inline]
    pub fn namespace(&mut self, namespace: Namespace) {
        self.namespace = Some(namespace);
    }

    /// As [`Entity::metadata_in`].
    pub fn metadata_in(&mut self, namespace: &str, key: &str, value: impl Serialize) {
        if !self.may_run_code() {
            return;
        }
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
        self.notes.is_empty() && self.namespace.is_none()
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
        self.notes.clear();
        self.texts.clear();
        self.rest.clear();
    }
}

/// A journal's vectors, in the place of a batch's own.
struct Lent<'a> {
    batch: &'a mut Batch,
    journal: &'a mut Journal,
}

impl<'a> Lent<'a> {
    #[inline]
    fn of(batch: &'a mut Batch, journal: &'a mut Journal) -> Self {
        let mut lent = Self { batch, journal };
        lent.swap();
        lent
    }

    #[inline]
    fn swap(&mut self) {
        mem::swap(&mut self.batch.notes, &mut self.journal.notes);
        mem::swap(&mut self.batch.texts, &mut self.journal.texts);
    }
}

impl Drop for Lent<'_> {
    /// They go back also where whoever writes panics.
    #[inline]
    fn drop(&mut self) {
        self.swap();
    }
}
