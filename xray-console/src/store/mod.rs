//! The traces kept: bounded by bytes, assembled when read, summed into the service graph.

mod assembly;
mod calls;
mod patience;
mod shelf;
mod summary;
#[cfg(test)]
mod tests;
mod trace;
mod view;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) use assembly::Span;
pub(crate) use shelf::Shelf;
pub use summary::TraceSummary;
pub(crate) use trace::Trace;
pub(crate) use view::View;

use crate::document::{Document, TraceKey};
use crate::graph::{Graph, ServiceGraph};
use crate::status::Status;
use trace::Replaced;

/// Changed traces are assembled when someone reads, or when this many wait.
const MOST_CHANGED: usize = 4_096;

/// Which part of the traces the service graph sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Window {
    /// What ended within this time before now; at most [`Window::LONGEST`].
    Last(Duration),
    /// Every trace kept.
    All,
}

impl Window {
    /// Seconds are kept apart for this long; older ones are only in [`Window::All`].
    pub const LONGEST: Duration = Duration::from_secs(15 * 60);
}

#[derive(Debug)]
pub(crate) struct Store {
    max_bytes: usize,
    bytes: usize,
    documents: usize,
    traces: HashMap<TraceKey, Trace>,
    /// By arrival: the next to leave is first, the next to be shown is last.
    order: BTreeMap<u64, TraceKey>,
    arrivals: u64,
    /// Not assembled since their last document.
    changed: Vec<TraceKey>,
    /// To be settled again at the time given, although nothing came.
    waiting: BTreeSet<(Instant, TraceKey)>,
    /// By the revision of their last change.
    revisions: BTreeMap<u64, TraceKey>,
    revision: u64,
    graph: Graph,
    duplicates: u64,
    evicted: u64,
}

impl Store {
    fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            bytes: 0,
            documents: 0,
            traces: HashMap::new(),
            order: BTreeMap::new(),
            arrivals: 0,
            changed: Vec::new(),
            waiting: BTreeSet::new(),
            revisions: BTreeMap::new(),
            revision: 0,
            graph: Graph::default(),
            duplicates: 0,
            evicted: 0,
        }
    }

    fn insert(&mut self, document: Document) {
        let key = document.trace();
        let (trace, before) = match self.traces.entry(key) {
            Entry::Occupied(known) => {
                let trace = known.into_mut();
                let before = trace.bytes();
                (trace, before)
            }
            Entry::Vacant(place) => {
                self.arrivals += 1;
                self.order.insert(self.arrivals, key);
                (place.insert(Trace::new(key, self.arrivals)), 0)
            }
        };
        let replaced = trace.insert(document);
        self.bytes = self.bytes + trace.bytes() - before;
        match replaced {
            Replaced::Nothing => self.documents += 1,
            Replaced::InProgress => {}
            Replaced::Complete => self.duplicates += 1,
            Replaced::Refused => {
                self.duplicates += 1;
                return;
            }
        }
        if trace.mark_changed() {
            self.changed.push(key);
        }
        self.make_room();
        if self.changed.len() >= MOST_CHANGED {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.settle_at(Instant::now(), wall_clock());
    }

    /// Assembles what has changed and brings the service graph up to date.
    fn settle_at(&mut self, now: Instant, wall: f64) {
        while let Some((until, key)) = self.waiting.pop_first() {
            if until > now {
                self.waiting.insert((until, key));
                break;
            }
            // What it waited for may have come since, or it waits for something else by now.
            let due = |trace: &&mut Trace| trace.until() == Some(until);
            if self.traces.get_mut(&key).filter(due).is_some_and(Trace::mark_changed) {
                self.changed.push(key);
            }
        }
        self.graph.forget_before(wall);
        for key in std::mem::take(&mut self.changed) {
            let Some(trace) = self.traces.get_mut(&key) else { continue };
            self.revision += 1;
            self.revisions.remove(&trace.revision());
            self.revisions.insert(self.revision, key);
            let before = trace.bytes();
            trace.settle(&mut self.graph, self.revision, now, wall);
            self.bytes = self.bytes + trace.bytes() - before;
            if let Some(until) = trace.until() {
                self.waiting.insert((until, key));
            }
        }
        self.make_room();
    }

    /// Whole traces leave, the oldest first.
    fn make_room(&mut self) {
        while self.bytes > self.max_bytes {
            let Some((_, key)) = self.order.pop_first() else { break };
            let Some(mut trace) = self.traces.remove(&key) else { continue };
            self.bytes -= trace.bytes();
            self.revisions.remove(&trace.revision());
            // Else what waits would outgrow what is kept.
            if let Some(until) = trace.until() {
                self.waiting.remove(&(until, key));
            }
            trace.retract(&mut self.graph);
            self.documents -= trace.documents().len();
            self.evicted += 1;
        }
    }

    /// Grows with every change.
    pub(crate) const fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn len(&self) -> usize {
        self.traces.len()
    }

    pub(crate) fn trace(&self, key: TraceKey) -> Option<&Trace> {
        self.traces.get(&key)
    }

    pub(crate) fn oldest(&self) -> Option<&Trace> {
        self.order.values().find_map(|key| self.traces.get(key))
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Trace> {
        self.order.values().rev().filter_map(|key| self.traces.get(key))
    }

    /// Traces that changed after the revision, in the order of their changes.
    pub(crate) fn changed_since(&self, revision: u64) -> impl Iterator<Item = &Trace> {
        self.revisions
            .range(revision.saturating_add(1)..)
            .filter_map(|(_, key)| self.traces.get(key))
    }

    pub(crate) fn latest(&self, limit: usize) -> Vec<TraceSummary> {
        self.newest_first().take(limit).map(TraceSummary::of).collect()
    }

    pub(crate) fn graph(&self, window: Window) -> ServiceGraph {
        self.graph.sum(window, wall_clock())
    }

    pub(crate) fn fill(&self, status: &mut Status) {
        status.traces = self.traces.len();
        status.documents = self.documents;
        status.bytes = self.bytes;
        status.max_bytes = self.max_bytes;
        status.duplicates = self.duplicates;
        status.evicted = self.evicted;
    }
}

/// Seconds since 1970.
fn wall_clock() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}
