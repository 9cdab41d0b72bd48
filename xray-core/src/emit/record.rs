use std::{fmt, sync::Arc};

use super::{trim::trim, write::Writer};
use crate::{
    TraceId,
    document::Document,
    record::{Common, Data, Live, Tree},
};

/// What became of a record that was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// Documents handed to the closure.
    pub documents: u64,
    /// Documents of these from which something was left out to make them fit.
    pub trimmed: u64,
    /// Entities too big for the limit whatever was left out; they are missing.
    pub oversize: u64,
}

/// A finished trace part: a segment, or a subsegment that leaves on its own.
pub struct Record {
    /// What was written up.
    data: Option<Box<Data>>,
    /// What it was recorded in, to be used again with it.
    live: Option<Arc<Live>>,
    size: usize,
}

impl Record {
    /// A record that is written up.
    pub(crate) fn new(data: Box<Data>) -> Self {
        Self { size: data.size(), data: Some(data), live: None }
    }

    /// The record of a segment that has ended, as far as it was written up, with what it was recorded
    /// in: the rest is there.
    pub(crate) fn with(data: Option<Box<Data>>, live: Arc<Live>, size: usize) -> Self {
        Self { data, live: Some(live), size }
    }

    /// The trace, of a record that is written up.
    pub(super) fn trace_id(&self) -> Option<TraceId> {
        self.data.as_ref()?.trace_id
    }

    /// The record written up, with its texts in the form in which they leave.
    pub(crate) fn settled(&mut self, common: &Arc<Common>) -> &Data {
        if let Some(live) = self.live.as_mut().and_then(Arc::get_mut) {
            self.data = Some(live.write_up(self.data.take(), common));
        }
        let data = self.data.get_or_insert_default();
        data.settle();
        data
    }

    /// Takes it apart, to be used again.
    pub(super) fn into_parts(self) -> (Option<Box<Data>>, Option<Arc<Live>>) {
        (self.data, self.live)
    }

    /// Roughly the bytes of memory it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The documents of this record: usually one; a tree deeper than
    /// [`MAX_DEPTH`](crate::document::MAX_DEPTH) leaves in several, the deepest first.
    pub fn documents(&self) -> impl Iterator<Item = Document<'_>> {
        self.data.iter().flat_map(|data| {
            let mut tree = Tree::new(data);
            let deep = tree.deep_roots();
            deep.into_iter().rev().chain([0]).filter_map(move |root| tree.kept_document(root))
        })
    }

    /// Writes each document as JSON after `prefix` into `buffer` and lends it to `each`.
    ///
    /// A text longer than `limit` bytes is split: the children leave in documents of their own,
    /// before their parent. One that has no children is trimmed: stack frames beyond ten go, then
    /// metadata values become `[truncated]`, the largest first, then the query does, then messages of
    /// errors are cut at 250 characters.
    pub fn write_json(
        &self,
        prefix: &[u8],
        limit: usize,
        buffer: &mut Vec<u8>,
        mut each: impl FnMut(&[u8]),
    ) -> Written {
        let mut written = Written::default();
        let Some(data) = &self.data else { return written };
        let mut tree = Tree::new(data);
        // A stack, so that what is split last leaves first.
        let mut pending = tree.deep_roots();
        let mut first = Some(0);
        let mut writer = Writer::new(data, limit);
        while let Some(root) = pending.pop().or_else(|| first.take()) {
            if !tree.keeps(root) {
                continue;
            }
            buffer.clear();
            buffer.extend_from_slice(prefix);
            if let Err(error) = writer.write(&tree, root, buffer) {
                crate::logging::error!("a document could not be written and is dropped: {error}");
                written.oversize += 1;
            } else if buffer.len() <= limit {
                each(buffer);
                written.documents += 1;
            } else {
                let children = tree.split(root);
                if !children.is_empty() {
                    pending.push(root);
                    pending.extend(children.into_iter().rev());
                } else if write_trimmed(&tree.document(root), prefix, limit, buffer) {
                    each(buffer);
                    written.documents += 1;
                    written.trimmed += 1;
                } else {
                    written.oversize += 1;
                }
            }
        }
        written
    }
}

fn write_trimmed(
    document: &Document<'_>,
    prefix: &[u8],
    limit: usize,
    buffer: &mut Vec<u8>,
) -> bool {
    let Some(trimmed) = trim(document, limit.saturating_sub(prefix.len())) else {
        return false;
    };
    buffer.clear();
    buffer.extend_from_slice(prefix);
    crate::logging::warning!("a document was over {limit} bytes; its largest values are left out");
    serde_json::to_writer(buffer, &trimmed).is_ok()
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("trace_id", &self.trace_id())
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
