//! From the record to JSON, without a [`Document`](crate::document::Document) between: that is what
//! the worker does for each request.
//!
//! The model stays the truth: what is written is byte for byte what serde makes of it, which
//! `tests/written` holds. What few documents have, serde still writes.

mod blocks;
mod entity;
mod fixed;
mod number;
mod text;

pub(crate) use fixed::{Fixed, fields};

use std::mem;

use serde::Serialize;

use crate::{
    SegmentId, TraceId,
    record::{Data, Text, Tree},
};

use number::Times;

/// What is known of a record before its documents are written.
pub(super) struct Writer {
    /// None of the record's texts has a character that JSON escapes.
    plain: bool,
    times: Times,
    limit: usize,
}

impl Writer {
    /// Writes documents of this record that are of use only if they are not longer than `limit`.
    pub(super) fn new(data: &Data, limit: usize) -> Self {
        Self { plain: text::is_plain(data.text.as_bytes()), times: Times::NEW, limit }
    }

    /// Adds the document of `root` to the buffer. Past the limit the rest is left out.
    ///
    /// # Errors
    /// A value did not serialise; what has been written is no JSON.
    pub(super) fn write(
        &mut self,
        tree: &Tree<'_>,
        root: u32,
        buffer: &mut Vec<u8>,
    ) -> Result<(), serde_json::Error> {
        let mut json =
            Json { tree, data: tree.data, buffer: mem::take(buffer), known: self, failed: Ok(()) };
        json.entity(root, true);
        *buffer = json.buffer;
        json.failed
    }
}

/// The text under way. Fields are written with a comma before them; where the first one of an object
/// begins is known to whoever begins the object.
struct Json<'a> {
    tree: &'a Tree<'a>,
    data: &'a Data,
    buffer: Vec<u8>,
    known: &'a mut Writer,
    failed: Result<(), serde_json::Error>,
}

impl Json<'_> {
    /// Literal JSON. Its length is part of the type, so that a copy is a move or two.
    #[inline(always)]
    fn put<const N: usize>(&mut self, json: &[u8; N]) {
        self.buffer.extend_from_slice(json);
    }

    /// A text of the record, between two pieces of literal JSON.
    #[inline]
    fn text<const N: usize, const M: usize>(
        &mut self,
        before: &[u8; N],
        text: Text,
        after: &[u8; M],
    ) {
        self.put(before);
        let (more, len) = self.data.text_and_more(text);
        if !self.known.plain || !text::push_short(&mut self.buffer, more, len) {
            text::push(&mut self.buffer, self.data.text(text), self.known.plain);
        }
        self.put(after);
    }

    /// A field whose value is a text outside of the record's texts; `key` includes its first quote.
    fn string<const N: usize>(&mut self, key: &[u8; N], text: Option<&str>) {
        let Some(text) = text else { return };
        self.put(key);
        text::push(&mut self.buffer, text, false);
        self.put(b"\"");
    }

    /// A field that is only there if it is true.
    #[inline]
    fn truth<const N: usize>(&mut self, field: &[u8; N], value: bool) {
        if value {
            self.put(field);
        }
    }

    #[inline(always)]
    fn id(&mut self, id: SegmentId) {
        self.put(&number::hex((id.bits() >> 32) as u32));
        self.put(&number::hex(id.bits() as u32));
    }

    fn trace_id(&mut self, id: TraceId) {
        let [a, b, c, d] = [96, 64, 32, 0].map(|shift| number::hex((id.bits() >> shift) as u32));
        self.put(b"1-");
        self.put(&a);
        self.put(b"-");
        self.put(&b);
        self.put(&c);
        self.put(&d);
    }

    #[inline]
    fn number<const N: usize>(&mut self, key: &[u8; N], number: u64) {
        self.put(key);
        number::push(&mut self.buffer, number);
    }

    /// What few documents have.
    #[inline(never)]
    fn serialize(&mut self, key: &[u8], value: &(impl Serialize + ?Sized)) {
        self.buffer.extend_from_slice(key);
        if let Err(error) = serde_json::to_writer(&mut self.buffer, value) {
            self.failed = Err(error);
        }
    }

    /// An object of the fields that `fields` writes; left out if there are none.
    #[inline]
    fn object<const N: usize>(&mut self, key: &[u8; N], fields: impl FnOnce(&mut Self)) {
        let before = self.buffer.len();
        self.put(key);
        let start = self.buffer.len();
        fields(self);
        match self.buffer.get_mut(start) {
            Some(comma) => {
                *comma = b'{';
                self.put(b"}");
            }
            None => self.buffer.truncate(before),
        }
    }
}
