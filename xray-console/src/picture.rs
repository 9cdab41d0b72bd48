//! The service map as it is drawn: the graph with a place for everything.

use serde::Serialize;

use crate::console::Console;
use crate::graph::{Edge, Node, ServiceGraph};
use crate::layout::{self, Layout};
use crate::store::Window;
use crate::text::{SHOWN, shown};

/// Nodes drawn; beyond, only the busiest are.
const DRAWN: usize = 300;

/// Nodes and edges with their places. All texts are fit to be shown.
#[derive(Debug, Serialize)]
pub(crate) struct Picture {
    pub(crate) revision: u64,
    /// Traces kept, whether they are in the window or not.
    pub(crate) kept: usize,
    /// Nodes left out because there are too many.
    pub(crate) hidden: usize,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) radius: f64,
    pub(crate) nodes: Vec<DrawnNode>,
    pub(crate) edges: Vec<DrawnEdge>,
}

#[derive(Debug, Serialize)]
pub(crate) struct DrawnNode {
    #[serde(flatten)]
    pub(crate) node: Node,
    /// Where its traces are.
    pub(crate) filter: String,
    x: f64,
    y: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct DrawnEdge {
    #[serde(flatten)]
    pub(crate) edge: Edge,
    filter: String,
    line: Vec<(f64, f64)>,
}

impl Picture {
    pub(crate) fn of(console: &Console, window: Window) -> Self {
        let (revision, kept, graph) =
            console.shelf().read(|store| (store.revision(), store.len(), store.graph(window)));
        let total = graph.nodes.len();
        let graph = busiest(graph);
        let keys: Vec<String> = graph
            .nodes
            .iter()
            .map(|node| format!("{}\n{}", node.name, node.kind.as_deref().unwrap_or("")))
            .collect();
        let nodes: Vec<_> = keys.iter().map(|key| layout::Node { key }).collect();
        let pairs: Vec<_> = graph.edges.iter().map(|edge| (edge.from, edge.to)).collect();
        let Layout { nodes: places, edges: lines, width, height } = layout::layout(&nodes, &pairs);
        let edges = graph.edges.into_iter().zip(lines).map(|(edge, line)| DrawnEdge {
            filter: edge_filter(&graph.nodes[edge.from], &graph.nodes[edge.to]),
            line: line.into_iter().map(|point| (tenth(point.x), tenth(point.y))).collect(),
            edge,
        });
        let edges = edges.collect();
        let nodes = graph.nodes.into_iter().zip(places).map(|(node, place)| DrawnNode {
            filter: node_filter(&node),
            x: tenth(place.x),
            y: tenth(place.y),
            node: Node {
                name: shown(&node.name, SHOWN).into_owned(),
                kind: node.kind.map(|kind| shown(&kind, SHOWN).into_owned()),
                ..node
            },
        });
        let nodes: Vec<_> = nodes.collect();
        let radius = layout::NODE_RADIUS;
        Self { revision, kept, hidden: total - nodes.len(), width, height, radius, nodes, edges }
    }
}

fn busiest(mut graph: ServiceGraph) -> ServiceGraph {
    if graph.nodes.len() <= DRAWN {
        return graph;
    }
    let mut order: Vec<usize> = (0..graph.nodes.len()).collect();
    order.sort_by_key(|&node| std::cmp::Reverse(graph.nodes[node].stats.total));
    order.truncate(DRAWN);
    order.sort_unstable();
    let place = |node| order.binary_search(&node).ok();
    graph.edges = graph
        .edges
        .into_iter()
        .filter_map(|edge| Some(Edge { from: place(edge.from)?, to: place(edge.to)?, ..edge }))
        .collect();
    graph.nodes = order.iter().map(|&node| graph.nodes[node].clone()).collect();
    graph
}

fn node_filter(node: &Node) -> String {
    match node.kind.as_deref() {
        // A client has no segment of its own: its requests are those that enter here.
        Some("client") => format!("service(id(name:{})) {{ root }}", quoted(&node.name)),
        Some(kind) => format!("service(id(name:{},type:{}))", quoted(&node.name), quoted(kind)),
        None => format!("service(id(name:{}))", quoted(&node.name)),
    }
}

fn edge_filter(from: &Node, to: &Node) -> String {
    if from.is_client() {
        return node_filter(from);
    }
    let side = |node: &Node| match node.kind.as_deref() {
        Some(kind) => format!("id(name:{},type:{})", quoted(&node.name), quoted(kind)),
        None => format!("id(name:{})", quoted(&node.name)),
    };
    format!("edge({}, {})", side(from), side(to))
}

/// A string of the filter grammar, where only the quote and the backslash need escaping.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn tenth(length: f64) -> f64 {
    (length * 10.0).round() / 10.0
}
