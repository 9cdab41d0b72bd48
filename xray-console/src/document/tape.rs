//! Reading a parsed document: a flat list of nodes in which every container knows its length.

use simd_json::{Buffers, Node, StaticNode, Tape};

use super::Document;

/// Parses JSON in place: strings are unescaped where they stand.
pub(super) fn parse(json: &mut [u8]) -> Option<Tape<'_>> {
    let mut buffers = Buffers::with_max_depth(json.len(), Document::MAX_DEPTH + 1);
    simd_json::to_tape_with_buffers(json, &mut buffers).ok()
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
