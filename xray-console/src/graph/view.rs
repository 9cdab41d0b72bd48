use std::collections::HashMap;

use serde::Serialize;

use super::node::NodeKey;
use super::tally::{Sum, Tally};

/// Rates are taken over at least this many seconds, so that the first request does not read as sixty a minute.
const SHORTEST_RATE: f64 = 10.0;

/// Nodes and edges with their figures.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct ServiceGraph {
    /// The time that rates are taken over, in seconds.
    pub seconds: f64,
    /// Sorted by name and type.
    pub nodes: Vec<Node>,
    /// Sorted by caller and callee.
    pub edges: Vec<Edge>,
}

/// One service, resource or group of clients.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Node {
    /// As the service calls itself, or as its resource is called.
    pub name: String,
    /// Such as `AWS::EC2::Instance`, `Database::SQL`, `remote` or `client`; `None` for a service without an origin.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The callee's own figures; a client has none.
    pub stats: Stats,
    /// Calls that said the callee would send a segment, and none came.
    pub silent: u64,
}

/// Calls from one node to another, as the caller saw them.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Edge {
    /// Index of the caller in [`ServiceGraph::nodes`].
    pub from: usize,
    /// Index of the callee.
    pub to: usize,
    /// The caller's view: network included.
    pub stats: Stats,
}

/// Figures of completed requests. Times are in seconds.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// All of them: `ok + error + throttle + fault`.
    pub total: u64,
    /// Neither of the others.
    pub ok: u64,
    /// Client errors that are no throttles.
    pub error: u64,
    /// Throttled.
    pub throttle: u64,
    /// Server faults.
    pub fault: u64,
    /// Requests per minute.
    pub per_minute: f64,
    /// Mean duration.
    pub mean: f64,
    /// Half are faster.
    pub p50: f64,
    /// 95 of 100 are faster.
    pub p95: f64,
    /// 99 of 100 are faster.
    pub p99: f64,
    /// Duration and count, ascending, in classes of 3 %.
    pub histogram: Vec<(f64, u64)>,
}

impl Node {
    /// Whether it stands for whoever calls the service of that name.
    pub(crate) fn is_client(&self) -> bool {
        self.kind.as_deref() == Some(NodeKey::CLIENT)
    }
}

impl ServiceGraph {
    pub(super) fn of(tally: &Tally, seconds: f64) -> Self {
        let seconds = seconds.max(SHORTEST_RATE);
        let mut keys: Vec<_> = tally.nodes.iter().collect();
        keys.sort_unstable_by(|a, b| a.0.cmp(b.0));
        let places: HashMap<&NodeKey, usize> =
            keys.iter().enumerate().map(|(at, (key, _))| (&***key, at)).collect();
        let nodes = keys.iter().map(|(key, sum)| Node {
            name: key.name.to_string(),
            kind: key.kind.as_deref().map(str::to_owned),
            stats: Stats::of(sum, seconds),
            silent: sum.silent,
        });
        let mut edges: Vec<Edge> = tally
            .edges
            .iter()
            // A caller still in progress may have no place in the window yet.
            .filter_map(|((from, to), sum)| {
                Some(Edge {
                    from: *places.get(&**from)?,
                    to: *places.get(&**to)?,
                    stats: Stats::of(sum, seconds),
                })
            })
            .collect();
        edges.sort_unstable_by_key(|edge| (edge.from, edge.to));
        Self { seconds, nodes: nodes.collect(), edges }
    }
}

impl Stats {
    fn of(sum: &Sum, seconds: f64) -> Self {
        let [ok, error, throttle, fault] = sum.classes;
        let total = ok + error + throttle + fault;
        Self {
            total,
            ok,
            error,
            throttle,
            fault,
            per_minute: total as f64 * 60.0 / seconds,
            mean: if total == 0 { 0.0 } else { sum.micros as f64 / total as f64 / 1e6 },
            p50: sum.histogram.percentile(0.50),
            p95: sum.histogram.percentile(0.95),
            p99: sum.histogram.percentile(0.99),
            histogram: sum.histogram.entries().collect(),
        }
    }
}
