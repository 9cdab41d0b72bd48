//! Splits a graph into its connected parts, and puts the parts on one page.

use super::layer::Graph;
use super::{LAYER_GAP, MARGIN, NODE_GAP, Point};

/// One connected part.
#[derive(Debug)]
pub(super) struct Part {
    /// The nodes, by rank.
    pub(super) members: Vec<usize>,
    /// Pairs of positions in `members`: sorted, each once, none to itself.
    pub(super) edges: Vec<(usize, usize)>,
}

/// The connected parts, the largest first, equals by rank.
pub(super) fn split(rank: &[usize], edges: &[(usize, usize)]) -> Vec<Part> {
    let known = |&&(from, to): &&(usize, usize)| from < rank.len() && to < rank.len() && from != to;
    let mut sets = Sets::new(rank.len());
    for &(from, to) in edges.iter().filter(known) {
        sets.join(from, to);
    }
    let mut sorted: Vec<usize> = (0..rank.len()).collect();
    sorted.sort_by_key(|&node| rank[node]);

    let mut parts: Vec<Part> = Vec::new();
    let mut part_of = vec![usize::MAX; rank.len()];
    let mut position = vec![0; rank.len()];
    for node in sorted {
        let root = sets.root(node);
        if part_of[root] == usize::MAX {
            part_of[root] = parts.len();
            parts.push(Part { members: Vec::new(), edges: Vec::new() });
        }
        let members = &mut parts[part_of[root]].members;
        position[node] = members.len();
        members.push(node);
    }
    for &(from, to) in edges.iter().filter(known) {
        let part = &mut parts[part_of[sets.root(from)]];
        part.edges.push((position[from], position[to]));
    }
    for part in &mut parts {
        part.edges.sort_unstable();
        part.edges.dedup();
    }
    parts.sort_by_key(|part| std::cmp::Reverse(part.members.len()));
    parts
}

/// Disjoint sets of nodes.
struct Sets {
    parent: Vec<usize>,
}

impl Sets {
    fn new(nodes: usize) -> Self {
        let parent = (0..nodes).collect();
        Self { parent }
    }

    fn root(&mut self, mut node: usize) -> usize {
        while self.parent[node] != node {
            self.parent[node] = self.parent[self.parent[node]];
            node = self.parent[node];
        }
        node
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        // The smaller index leads, so that the outcome does not depend on the order of the edges.
        self.parent[one.max(other)] = one.min(other);
    }
}

/// Where the next part goes.
#[derive(Debug, Default)]
pub(super) struct Page {
    width: f64,
    bottom: f64,
    columns: usize,
    /// How many lone nodes stand in the last row.
    in_row: usize,
}

impl Page {
    /// How many lone nodes stand in a row where no wider part sets the measure.
    const ROW: usize = 5;

    /// Takes room for a part and returns its top left corner. Lone nodes come last and share rows.
    pub(super) fn place(&mut self, graph: &Graph, heights: &[f64]) -> Point {
        let lone = heights.len() == 1;
        if lone && self.in_row > 0 && self.in_row < self.columns.max(Self::ROW) {
            let x = self.in_row as f64 * LAYER_GAP;
            self.in_row += 1;
            self.width = self.width.max(x);
            let y = self.bottom - NODE_GAP;
            return Point { x, y };
        }
        self.in_row = usize::from(lone);
        self.columns = self.columns.max(graph.layers.len());
        self.width = self.width.max((graph.layers.len() - 1) as f64 * LAYER_GAP);
        let y = self.bottom;
        self.bottom += heights.iter().copied().fold(0.0, f64::max) + NODE_GAP;
        Point { x: 0.0, y }
    }

    /// Width and height of the page, margins included.
    pub(super) fn size(&self) -> (f64, f64) {
        let height = (self.bottom - NODE_GAP).max(0.0);
        (self.width + 2.0 * MARGIN, height + 2.0 * MARGIN)
    }
}
