use std::collections::HashMap;
use std::sync::Arc;

use super::histogram::Histogram;
use super::node::NodeKey;
use crate::class::Class;

/// One completed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    class: Class,
    micros: u64,
}

impl Sample {
    pub(crate) fn new(class: Class, seconds: f64) -> Self {
        // In whole microseconds, so that sums stay exact when something is taken out again.
        Self { class, micros: (seconds * 1e6).round() as u64 }
    }
}

/// What one trace adds to one node or edge.
#[derive(Clone, Debug)]
pub(crate) struct Contribution {
    from: Option<Arc<NodeKey>>,
    to: Arc<NodeKey>,
    /// The second it is counted in; `None` for a time outside the seconds kept.
    pub(super) second: Option<i64>,
    /// `None` for what has not ended, and for clients.
    sample: Option<Sample>,
    silent: bool,
}

impl Contribution {
    pub(crate) fn node(node: &Arc<NodeKey>, second: Option<i64>, sample: Option<Sample>) -> Self {
        Self { from: None, to: Arc::clone(node), second, sample, silent: false }
    }

    pub(crate) fn edge(
        from: &Arc<NodeKey>,
        to: &Arc<NodeKey>,
        second: Option<i64>,
        sample: Option<Sample>,
    ) -> Self {
        Self { from: Some(Arc::clone(from)), ..Self::node(to, second, sample) }
    }

    /// The callee was to send a segment of its own, and did not.
    pub(crate) fn silent(mut self, silent: bool) -> Self {
        self.silent = silent;
        self
    }
}

/// Sums by node and by edge.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) nodes: HashMap<Arc<NodeKey>, Sum>,
    pub(super) edges: HashMap<(Arc<NodeKey>, Arc<NodeKey>), Sum>,
}

impl Tally {
    pub(super) fn add(&mut self, part: &Contribution) {
        match &part.from {
            None => self.nodes.entry(Arc::clone(&part.to)).or_default().add(part),
            Some(from) => {
                self.edges.entry((Arc::clone(from), Arc::clone(&part.to))).or_default().add(part);
            }
        }
    }

    pub(super) fn retract(&mut self, part: &Contribution) {
        match &part.from {
            None => {
                if self.nodes.get_mut(&part.to).is_some_and(|sum| sum.retract(part)) {
                    self.nodes.remove(&part.to);
                }
            }
            Some(from) => {
                let key = (Arc::clone(from), Arc::clone(&part.to));
                if self.edges.get_mut(&key).is_some_and(|sum| sum.retract(part)) {
                    self.edges.remove(&key);
                }
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (node, sum) in &other.nodes {
            self.nodes.entry(Arc::clone(node)).or_default().merge(sum);
        }
        for (edge, sum) in &other.edges {
            self.edges.entry(edge.clone()).or_default().merge(sum);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.edges.is_empty()
    }
}

/// The figures of one node or edge.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    /// How many contributions hold it up, ended or not.
    parts: u64,
    pub(super) classes: [u64; 4],
    pub(super) micros: u128,
    pub(super) silent: u64,
    pub(super) histogram: Histogram,
}

impl Sum {
    fn add(&mut self, part: &Contribution) {
        self.parts += 1;
        self.silent += u64::from(part.silent);
        if let Some(sample) = part.sample {
            self.classes[sample.class as usize] += 1;
            self.micros += u128::from(sample.micros);
            self.histogram.add(sample.micros);
        }
    }

    /// Says whether nothing is left. Only takes out what was put in.
    fn retract(&mut self, part: &Contribution) -> bool {
        self.parts -= 1;
        self.silent -= u64::from(part.silent);
        if let Some(sample) = part.sample {
            self.classes[sample.class as usize] -= 1;
            self.micros -= u128::from(sample.micros);
            self.histogram.remove(sample.micros);
        }
        self.parts == 0
    }

    fn merge(&mut self, other: &Self) {
        self.parts += other.parts;
        self.silent += other.silent;
        for (own, other) in self.classes.iter_mut().zip(other.classes) {
            *own += other;
        }
        self.micros += other.micros;
        self.histogram.merge(&other.histogram);
    }
}
