use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::assembly::{Assembly, Span};
use super::patience::Patience;
use crate::document::{Document, EntityId, TraceKey};
use crate::graph::{Contribution, Graph};

/// One contribution with its share of the sums it goes into, for the account.
const CONTRIBUTION_BYTES: usize = 256;

/// What a document took the place of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Replaced {
    Nothing,
    InProgress,
    Complete,
    /// It came in progress after the complete one, and is dropped.
    Refused,
}

/// The documents of one trace and what was made of them.
#[derive(Debug)]
pub(crate) struct Trace {
    key: TraceKey,
    arrival: u64,
    documents: Vec<Arc<Document>>,
    /// When each document came, in the version that is kept.
    arrived: Vec<Instant>,
    by_id: HashMap<EntityId, usize>,
    document_bytes: usize,
    assembly: Assembly,
    contributions: Vec<Contribution>,
    changed: bool,
    revision: u64,
}

impl Trace {
    pub(super) fn new(key: TraceKey, arrival: u64) -> Self {
        Self {
            key,
            arrival,
            documents: Vec::new(),
            arrived: Vec::new(),
            by_id: HashMap::new(),
            document_bytes: 0,
            assembly: Assembly::default(),
            contributions: Vec::new(),
            changed: false,
            revision: 0,
        }
    }

    /// Complete replaces in progress and never the reverse; among equals the last wins.
    pub(super) fn insert(&mut self, document: Document) -> Replaced {
        let bytes = document.bytes();
        let complete = document.head().end.is_some();
        let Some(&index) = self.by_id.get(&document.head().id) else {
            self.by_id.insert(document.head().id, self.documents.len());
            self.documents.push(Arc::new(document));
            self.arrived.push(Instant::now());
            self.document_bytes += bytes;
            return Replaced::Nothing;
        };
        let old = &mut self.documents[index];
        let old_complete = old.head().end.is_some();
        if old_complete && !complete {
            return Replaced::Refused;
        }
        self.document_bytes = self.document_bytes + bytes - old.bytes();
        *old = Arc::new(document);
        self.arrived[index] = Instant::now();
        if old_complete { Replaced::Complete } else { Replaced::InProgress }
    }

    /// Says whether it was unchanged before.
    pub(super) fn mark_changed(&mut self) -> bool {
        !std::mem::replace(&mut self.changed, true)
    }

    /// Assembles the trace and replaces its part of the graph.
    pub(super) fn settle(&mut self, graph: &mut Graph, revision: u64, now: Instant, wall: f64) {
        self.retract(graph);
        self.changed = false;
        self.revision = revision;
        self.assembly = Assembly::of(&self.documents, Patience::new(&self.arrived, now));
        self.contributions = self.assembly.contributions(&self.documents, graph, wall);
        graph.add(&self.contributions);
    }

    /// When it is to be settled again although nothing came: something waited for is given up then.
    pub(super) const fn until(&self) -> Option<Instant> {
        self.assembly.until()
    }

    /// Takes its part out of the graph.
    pub(super) fn retract(&mut self, graph: &mut Graph) {
        graph.retract(&self.contributions);
        self.contributions.clear();
    }

    pub(crate) const fn key(&self) -> TraceKey {
        self.key
    }

    /// Counts up with every new trace.
    pub(crate) const fn arrival(&self) -> u64 {
        self.arrival
    }

    pub(crate) const fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn documents(&self) -> &[Arc<Document>] {
        &self.documents
    }

    pub(crate) const fn assembly(&self) -> &Assembly {
        &self.assembly
    }

    /// The span that the trace begins with; `None` while its caller may still come.
    pub(crate) fn entry(&self) -> Option<Span> {
        self.assembly.entry().map(|entry| self.assembly.spans()[entry])
    }

    /// Bytes held in memory, everything that hangs on the trace included.
    pub(super) fn bytes(&self) -> usize {
        const BY_ID: usize = 2 * size_of::<(EntityId, usize)>();
        size_of::<Self>()
            + self.document_bytes
            + self.documents.len() * (BY_ID + size_of::<Arc<Document>>() + size_of::<Instant>())
            + self.assembly.bytes()
            + self.contributions.len() * CONTRIBUTION_BYTES
    }
}
