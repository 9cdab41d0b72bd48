//! Places the nodes of a service map from left to right.
//!
//! A layered drawing in five steps: turn back edges around, put each node one layer right of its
//! callers, give a long edge a dummy node in each layer it passes, order each layer so that few edges
//! cross, then choose heights so that edges run straight. The same nodes and edges give the same
//! picture, in whatever order they come.
//!
//! All work is bounded: past [`FULL_NODES`] nodes, or where edges are too many or too long, dummy
//! nodes are left out and the layers are ordered by two quick sweeps.

mod component;
mod coordinate;
mod layer;
mod order;
mod route;
#[cfg(test)]
mod tests;

/// The radius of every node.
pub(crate) const NODE_RADIUS: f64 = 36.0;
/// From the middle of one layer to the middle of the next; a label fits below a node.
const LAYER_GAP: f64 = 210.0;
/// From the middle of one node to the middle of the next one below, its label included.
const NODE_GAP: f64 = 132.0;
/// Between two edges that pass a layer side by side.
const LANE_GAP: f64 = 40.0;
/// From the middle of an outermost node to the rim of the picture; a loop or a label fits between.
const MARGIN: f64 = 96.0;

/// The most nodes that get the full treatment.
const FULL_NODES: usize = 300;
/// The most edges of one component that get the full treatment.
const FULL_EDGES: usize = 1_500;
/// The most dummy nodes of one component.
const FULL_DUMMIES: usize = 12_000;

/// A node to be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node<'a> {
    /// Decides between equals, so that the picture does not depend on the order of arrival.
    pub(crate) key: &'a str,
}

/// A place, in px from the top left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// Where everything goes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    /// The middle of each node, in the order of the nodes.
    pub(crate) nodes: Vec<Point>,
    /// From caller to callee, from rim to rim, in the order of the edges. Empty for an edge that
    /// names a node that does not exist.
    pub(crate) edges: Vec<Vec<Point>>,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Places the nodes; edges are pairs of caller and callee, as indices into `nodes`.
///
/// Repeated edges get the same route, an edge from a node to itself a loop above it. Parts that are
/// not connected stand below one another, the largest first.
pub(crate) fn layout(nodes: &[Node<'_>], edges: &[(usize, usize)]) -> Layout {
    let rank = ranks(nodes);
    let mut places = vec![Point { x: 0.0, y: 0.0 }; nodes.len()];
    let mut routes = route::Routes::default();
    let mut page = component::Page::default();
    for part in component::split(&rank, edges) {
        let mut graph = layer::assign(&part, nodes.len() <= FULL_NODES);
        order::reduce_crossings(&mut graph);
        let heights = coordinate::heights(&graph);
        let offset = page.place(&graph, &heights);
        for (member, &node) in part.members.iter().enumerate() {
            places[node] = graph.point(member, &heights, offset);
        }
        routes.add(&part, &graph, &heights, offset);
    }
    let edges = edges.iter().map(|edge| routes.line(*edge, &places)).collect();
    let (width, height) = page.size();
    Layout { nodes: places, edges, width, height }
}

/// The position of each node when sorted by key; equal keys keep the order of the slice.
fn ranks(nodes: &[Node<'_>]) -> Vec<usize> {
    let mut sorted: Vec<usize> = (0..nodes.len()).collect();
    sorted.sort_by_key(|&node| (nodes[node].key, node));
    let mut rank = vec![0; nodes.len()];
    for (position, node) in sorted.into_iter().enumerate() {
        rank[node] = position;
    }
    rank
}
