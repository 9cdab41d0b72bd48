use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::assembly::{Assembly, Span};
use crate::document::{Document, EntityId, TraceKey};
use crate::graph::{Contribution, Graph};

/// How long a subsegment marked `traced` waits for its callee's segment before the callee is inferred.
const GRACE: Duration = Duration::from_secs(10);

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
    first_seen: Instant,
    documents: Vec<Arc<Document>>,
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
            first_seen: Instant::now(),
            documents: Vec::new(),
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
        if old_complete { Replaced::Complete } else { Replaced::InProgress }
    }

    /// Says whether it was unchanged before.
    pub(super) fn mark_changed(&mut self) -> bool {
        !std::mem::replace(&mut self.changed, true)
    }

    /// Assembles the trace and replaces its part of the graph. Returns until when a callee is waited for, if one is.
    pub(super) fn settle(
        &mut self,
        graph: &mut Graph,
        revision: u64,
        now: Instant,
        wall: f64,
    ) -> Option<Instant> {
        self.retract(graph);
        self.changed = false;
        self.revision = revision;
        let until = self.first_seen + GRACE;
        let assembly = Assembly::of(&self.documents, now < until);
        self.contributions = assembly.contributions(&self.documents, graph, wall);
        graph.add(&self.contributions);
        let waits = assembly.waits();
        self.assembly = assembly;
        waits.then_some(until)
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

    /// The entry: the first segment without a parent, or whatever came first.
    pub(crate) fn root(&self) -> Option<Span> {
        let spans = self.assembly.spans();
        let entry =
            spans.iter().find(|span| span.parent.is_none() && span.is_segment(&self.documents));
        entry.or_else(|| spans.first()).copied()
    }

    /// Bytes held in memory, everything that hangs on the trace included.
    pub(super) fn bytes(&self) -> usize {
        const BY_ID: usize = 2 * size_of::<(EntityId, usize)>();
        size_of::<Self>()
            + self.document_bytes
            + self.documents.len() * (BY_ID + size_of::<Arc<Document>>())
            + self.assembly.bytes()
            + self.contributions.len() * CONTRIBUTION_BYTES
    }
}
