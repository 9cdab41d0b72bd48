//! What recording leaves for later, so that the thread of a request need not do it: texts are written
//! down as they come, and get the form in which they leave when the record has been handed over.

use std::{borrow::Cow, mem};

use super::{
    Data,
    slots::{List, NONE},
};
use crate::{
    document::{MAX_ANNOTATIONS, MAX_NAME, clean_name, is_annotation_key, warn_of_key},
    http::scrub_url,
};

/// A name as it is written down: one that may be too long is brought into form at once.
#[inline]
pub(super) fn noted_name<'a>(name: &'a str, service: &'a str) -> Cow<'a, str> {
    if name.len() <= MAX_NAME { Cow::Borrowed(name) } else { clean_name(name, service) }
}

impl Data {
    /// Brings names, keys of annotations and URLs into the form in which they leave.
    pub(crate) fn settle(&mut self) {
        self.settle_names();
        self.settle_urls();
        match mem::take(&mut self.late) {
            0 => {}
            late => crate::logging::debug!("{late} changes after the end are ignored"),
        }
        if self.annotations.iter().any(|item| !is_annotation_key(self.text(item.key))) {
            self.drop_annotations();
        }
        if self.annotations.len() > MAX_ANNOTATIONS && !mem::replace(&mut self.told, true) {
            crate::logging::warning!(
                "a segment has more than {MAX_ANNOTATIONS} annotations: not all are indexed"
            );
        }
    }

    fn settle_names(&mut self) {
        let service = self.common.clone();
        let service = service.as_ref().map_or("unknown", |common| &common.service);
        for index in 0..self.entities.len() {
            // The text of one that has left may be gone, and another one stand in its place.
            if self.entities[index].id.is_noop() {
                continue;
            }
            let name = self.text(self.entities[index].name);
            let clean = clean_name(name, service);
            if *clean != *name {
                let clean = clean.into_owned();
                self.entities[index].name = self.push_text(&clean);
            }
        }
    }

    fn settle_urls(&mut self) {
        for index in 0..self.http.len() {
            let Some(recorded) = self.http[index].url else { continue };
            let url = self.text(recorded);
            let scrubbed = scrub_url(url);
            if scrubbed.len() < url.len() {
                let scrubbed = scrubbed.into_owned();
                self.http[index].url = Some(self.push_text(&scrubbed));
            }
        }
    }

    /// Takes out annotations whose key X-Ray does not take.
    fn drop_annotations(&mut self) {
        for index in 0..self.entities.len() {
            let mut kept = List::EMPTY;
            let mut at = self.entities[index].annotations.first;
            while at != NONE {
                let item = &self.annotations[at as usize];
                let (key, next) = (self.text(item.key), item.next);
                if is_annotation_key(key) {
                    match kept.last {
                        NONE => kept.first = at,
                        last => self.annotations[last as usize].next = at,
                    }
                    kept.last = at;
                    self.annotations[at as usize].next = NONE;
                } else {
                    warn_of_key(key);
                }
                at = next;
            }
            self.entities[index].annotations = kept;
        }
    }
}
