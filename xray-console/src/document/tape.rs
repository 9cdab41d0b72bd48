//! Reading a parsed document: a flat list of nodes in which every container knows its length.

use std::cell::Cell;

use simd_json::{Buffers, Node, StaticNode, Tape};

use super::Document;

/// A document that is longer leaves no scratch behind: few are, and each thread keeps one.
const KEEP_BYTES: usize = 1 << 16;

/// What parsing needs beside the document.
struct Scratch {
    copy: Vec<u8>,
    buffers: Buffers,
    nodes: Tape<'static>,
}

thread_local! {
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// Parses JSON and has it read; `None` if it is none.
pub(super) fn read<R>(json: &[u8], read: impl FnOnce(At<'_, '_>) -> R) -> Option<R> {
    // Taken out, so that whoever reads may parse as well.
    let scratch = SCRATCH.take();
    let Scratch { mut copy, mut buffers, nodes } = scratch.map_or_else(Scratch::new, |kept| *kept);
    copy.clear();
    copy.extend_from_slice(json);
    let mut tape = nodes.reset();
    // In place: strings are unescaped where they stand.
    let parsed = simd_json::fill_tape(&mut copy, &mut buffers, &mut tape);
    let outcome = parsed.ok().map(|()| read(At::root(&tape.0)));
    let nodes = tape.reset();
    if json.len() <= KEEP_BYTES {
        SCRATCH.set(Some(Box::new(Scratch { copy, buffers, nodes })));
    }
    outcome
}

impl Scratch {
    fn new() -> Self {
        let buffers = Buffers::with_max_depth(0, Document::MAX_DEPTH + 1);
        Self { copy: Vec::new(), buffers, nodes: Tape(Vec::new()) }
    }
}

/// A value of the tape, by position. Skipping it is one addition, so nothing here recurses.
#[derive(Clone, Copy)]
pub(super) struct At<'t, 'i> {
    nodes: &'t [Node<'i>],
    index: usize,
}

impl<'t, 'i> At<'t, 'i> {
    pub(super) const fn root(nodes: &'t [Node<'i>]) -> Self {
        Self { nodes, index: 0 }
    }

    pub(super) fn node(self) -> Option<Node<'i>> {
        self.nodes.get(self.index).copied()
    }

    /// The keys and values of an object, in the order written; nothing for any other value.
    pub(super) fn fields(self) -> impl Iterator<Item = (&'i str, Self)> + use<'t, 'i> {
        let len = if let Some(Node::Object { len, .. }) = self.node() { len } else { 0 };
        let mut index = self.index + 1;
        (0..len).map_while(move |_| {
            let Some(&Node::String(key)) = self.nodes.get(index) else { return None };
            let value = Self { nodes: self.nodes, index: index + 1 };
            index = value.after();
            Some((key, value))
        })
    }

    /// The elements of an array; nothing for any other value.
    pub(super) fn elements(self) -> impl Iterator<Item = Self> + use<'t, 'i> {
        let len = if let Some(Node::Array { len, .. }) = self.node() { len } else { 0 };
        let mut index = self.index + 1;
        (0..len).map(move |_| {
            let value = Self { nodes: self.nodes, index };
            index = value.after();
            value
        })
    }

    /// The last value under `key`, as parsers that build maps would have it.
    pub(super) fn get(self, key: &str) -> Option<Self> {
        self.fields().filter(|(name, _)| *name == key).last().map(|(_, value)| value)
    }

    pub(super) fn is_object(self) -> bool {
        matches!(self.node(), Some(Node::Object { .. }))
    }

    pub(super) fn text(self) -> Option<&'i str> {
        if let Some(Node::String(text)) = self.node() { Some(text) } else { None }
    }

    /// A text that holds something.
    pub(super) fn some_text(self) -> Option<Box<str>> {
        self.text().filter(|text| !text.is_empty()).map(Box::from)
    }

    pub(super) fn number(self) -> Option<f64> {
        match self.node()? {
            Node::Static(StaticNode::F64(number)) => Some(number),
            Node::Static(StaticNode::I64(number)) => Some(number as f64),
            Node::Static(StaticNode::U64(number)) => Some(number as f64),
            _ => None,
        }
    }

    pub(super) fn is_null(self) -> bool {
        matches!(self.node(), Some(Node::Static(StaticNode::Null)))
    }

    pub(super) fn is_true(self) -> bool {
        matches!(self.node(), Some(Node::Static(StaticNode::Bool(true))))
    }

    /// The position behind this value and all that is inside.
    fn after(self) -> usize {
        self.index
            + match self.node() {
                Some(Node::Object { count, .. } | Node::Array { count, .. }) => 1 + count,
                _ => 1,
            }
    }
}
