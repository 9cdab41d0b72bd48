use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::calls::{self, Call};
use super::patience::Patience;
use crate::document::{Document, Entity, EntityId};

/// One segment or subsegment in its place in the trace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    document: u32,
    entity: u32,
    /// Index of the parent span; always smaller than the own one.
    pub(crate) parent: Option<u32>,
    pub(crate) depth: u32,
    /// Index of the segment that it is part of, itself for a segment; `None` when detached.
    pub(crate) segment: Option<u32>,
    /// Its parent never arrived, or the parents form a ring.
    pub(crate) detached: bool,
    /// Its parent is not here yet, but may still come: a callee ends before its caller does.
    pub(super) early: bool,
}

/// A trace put together: every span once, parents before children, siblings by start.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    spans: Vec<Span>,
    calls: Vec<Call>,
    entry: Option<usize>,
    until: Option<Instant>,
}

impl Assembly {
    pub(super) fn of(documents: &[Arc<Document>], mut patience: Patience<'_>) -> Self {
        let mut spans = Plan::new(documents).spans();
        for span in spans.iter_mut().filter(|span| span.parent.is_none()) {
            span.early = span.document(documents).parent_id().is_some()
                && patience.waits_for(span.document_index());
        }
        let calls = calls::find(documents, &spans, &mut patience);
        let entry = entry(documents, &spans);
        Self { spans, calls, entry, until: patience.until() }
    }

    pub(crate) fn spans(&self) -> &[Span] {
        &self.spans
    }

    pub(crate) fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// The index of the span that the trace begins with; `None` while its caller may still come.
    pub(crate) const fn entry(&self) -> Option<usize> {
        self.entry
    }

    /// When a document that is waited for is given up.
    pub(super) const fn until(&self) -> Option<Instant> {
        self.until
    }

    pub(super) fn bytes(&self) -> usize {
        self.spans.len() * size_of::<Span>() + self.calls.len() * size_of::<Call>()
    }
}

/// A segment that names no parent; failing that, one whose parent never came, and then whatever came first.
fn entry(documents: &[Arc<Document>], spans: &[Span]) -> Option<usize> {
    let find = |is: &dyn Fn(&Span) -> bool| {
        spans.iter().position(|span| span.parent.is_none() && !span.early && is(span))
    };
    let segment = |span: &Span| span.is_segment(documents);
    find(&|span| segment(span) && span.document(documents).parent_id().is_none())
        .or_else(|| find(&segment))
        .or_else(|| find(&|_| true))
}

impl Span {
    /// The place of its document among those of the trace.
    pub(super) const fn document_index(self) -> usize {
        self.document as usize
    }

    pub(crate) fn document(self, documents: &[Arc<Document>]) -> &Document {
        &documents[self.document as usize]
    }

    pub(crate) fn entity(self, documents: &[Arc<Document>]) -> &Entity {
        &self.document(documents).list()[self.entity as usize]
    }

    /// Its place in the list of its document.
    pub(crate) const fn index_in_document(self) -> usize {
        self.entity as usize
    }

    pub(crate) fn is_segment(self, documents: &[Arc<Document>]) -> bool {
        self.entity == 0 && !self.document(documents).is_subsegment()
    }
}

/// Everything by one running number, before it is put in order.
struct Plan<'d> {
    documents: &'d [Arc<Document>],
    places: Vec<(u32, u32)>,
    /// Running number of each document's first entity.
    offsets: Vec<usize>,
    /// By id, the span that counts where several documents describe the same one.
    winners: HashMap<EntityId, usize>,
}

impl<'d> Plan<'d> {
    fn new(documents: &'d [Arc<Document>]) -> Self {
        let total = documents.iter().map(|document| document.list().len()).sum();
        let mut plan = Self {
            documents,
            places: Vec::with_capacity(total),
            offsets: Vec::with_capacity(documents.len()),
            winners: HashMap::with_capacity(total),
        };
        for (d, document) in documents.iter().enumerate() {
            plan.offsets.push(plan.places.len());
            for (e, entity) in document.list().iter().enumerate() {
                let number = plan.places.len();
                plan.places.push((d as u32, e as u32));
                if !entity.id.is_zero() {
                    plan.contend(entity.id, number);
                }
            }
        }
        plan
    }

    fn entity(&self, number: usize) -> &'d Entity {
        let (document, entity) = self.places[number];
        &self.documents[document as usize].list()[entity as usize]
    }

    /// A child that a segment shows in progress may arrive complete on its own: the complete one counts.
    fn contend(&mut self, id: EntityId, number: usize) {
        match self.winners.get(&id) {
            Some(&other) if self.places[other].0 == self.places[number].0 => {}
            Some(&other)
                if self.entity(other).end.is_some() && self.entity(number).end.is_none() => {}
            _ => {
                self.winners.insert(id, number);
            }
        }
    }

    /// The span that stands for this one: itself, unless another document's counts.
    fn standing(&self, number: usize) -> usize {
        let winner = self.winners.get(&self.entity(number).id).copied().unwrap_or(number);
        if self.places[winner].0 == self.places[number].0 { number } else { winner }
    }

    fn parent(&self, number: usize) -> Option<usize> {
        let (document, entity) = self.places[number];
        let parent = match self.entity(number).parent {
            Some(parent) => self.standing(self.offsets[document as usize] + parent as usize),
            None => {
                debug_assert_eq!(entity, 0, "only the head has no enclosing entity");
                *self.winners.get(&self.documents[document as usize].parent_id()?)?
            }
        };
        (parent != number).then_some(parent)
    }

    fn spans(&self) -> Vec<Span> {
        let total = self.places.len();
        let parents: Vec<Option<usize>> = (0..total).map(|number| self.parent(number)).collect();
        let mut numbers: Vec<usize> =
            (0..total).filter(|&number| self.standing(number) == number).collect();
        numbers.sort_by(|&a, &b| {
            self.entity(a).start.total_cmp(&self.entity(b).start).then(a.cmp(&b))
        });
        let mut children = vec![Vec::new(); total];
        for &number in &numbers {
            if let Some(parent) = parents[number] {
                children[parent].push(number);
            }
        }
        let mut walk = Walk {
            plan: self,
            children,
            placed: vec![false; total],
            spans: Vec::with_capacity(numbers.len()),
        };
        for &number in numbers.iter().filter(|&&number| parents[number].is_none()) {
            walk.from(number, self.documents[self.places[number].0 as usize].is_subsegment());
        }
        // What is left has a parent that no root leads to: a ring.
        for number in numbers {
            walk.from(number, true);
        }
        walk.spans
    }
}

struct Walk<'p, 'd> {
    plan: &'p Plan<'d>,
    children: Vec<Vec<usize>>,
    placed: Vec<bool>,
    spans: Vec<Span>,
}

impl Walk<'_, '_> {
    /// Places a subtree, depth first, with a stack of its own.
    fn from(&mut self, root: usize, detached: bool) {
        let mut open = vec![(root, None::<u32>)];
        while let Some((number, parent)) = open.pop() {
            if std::mem::replace(&mut self.placed[number], true) {
                continue;
            }
            // A trace is bounded by the store's bytes, far below the limit of an u32.
            let index = self.spans.len() as u32;
            let (document, entity) = self.plan.places[number];
            let above = parent.map(|parent| self.spans[parent as usize]);
            let mut span = Span {
                document,
                entity,
                parent,
                depth: above.map_or(0, |above| above.depth + 1),
                segment: above.and_then(|above| above.segment),
                detached: detached && parent.is_none(),
                early: false,
            };
            if span.is_segment(self.plan.documents) {
                span.segment = Some(index);
            }
            self.spans.push(span);
            open.extend(self.children[number].iter().rev().map(|&child| (child, Some(index))));
        }
    }
}
