use std::collections::HashSet;
use std::sync::Arc;

use super::assembly::{Assembly, Span};
use super::patience::Patience;
use crate::document::{Document, Entity, Namespace, QUEUE};
use crate::graph::{Contribution, Graph, NodeKey, Sample};

/// One direct call, by index of span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// The caller's segment; the subsegment that stands for a queue, if that hands over what it was given.
    pub(crate) from: u32,
    /// What the caller saw: its subsegment, or the callee itself where a segment hangs below a segment.
    pub(crate) via: u32,
    /// The callee's segment; for an inferred callee the subsegment again.
    pub(crate) to: u32,
    /// No segment came from the callee.
    pub(crate) inferred: bool,
    /// The callee was to send a segment of its own, and did not.
    pub(crate) silent: bool,
}

pub(super) fn find(
    documents: &[Arc<Document>],
    spans: &[Span],
    patience: &mut Patience<'_>,
) -> Vec<Call> {
    let mut answered = vec![false; spans.len()];
    for parent in
        spans.iter().filter(|span| span.is_segment(documents)).filter_map(|span| span.parent)
    {
        answered[parent as usize] = true;
    }
    let mut calls = Vec::new();
    for (index, span) in spans.iter().enumerate() {
        let index = index as u32;
        if span.is_segment(documents) {
            if let Some((via, from)) =
                span.parent.and_then(|via| Some((via, spans[via as usize].segment?)))
            {
                let parent = &spans[via as usize];
                let (from, via) = match () {
                    () if parent.is_segment(documents) => (from, index),
                    () if is_queue(parent.entity(documents)) => (via, index),
                    () => (from, via),
                };
                calls.push(Call { from, via, to: index, inferred: false, silent: false });
            }
            continue;
        }
        let (Some(from), entity) = (span.segment, span.entity(documents)) else { continue };
        let answered = answered[index as usize] && !is_queue(entity);
        if entity.namespace == Namespace::Local || answered {
            continue;
        }
        if may_answer(entity) && patience.waits_for(span.document_index()) {
            continue;
        }
        calls.push(Call { from, via: index, to: index, inferred: true, silent: entity.traced });
    }
    calls
}

/// Whether the callee may still send a segment of its own: it said so, or it is a service that is still at work.
fn may_answer(entity: &Entity) -> bool {
    let service = entity.namespace == Namespace::Remote && !entity.sql;
    entity.traced || (service && entity.end.is_none())
}

/// Whether the call went to a queue. It stays on the map when a consumer has continued the trace, since the sender
/// called the queue and knows nothing of the consumer.
fn is_queue(entity: &Entity) -> bool {
    let resource = entity.facts().resource.as_ref();
    entity.namespace == Namespace::Aws && resource.is_some_and(|(kind, _)| *kind == QUEUE)
}

/// The node of a segment.
pub(crate) fn segment_node(entity: &Entity) -> NodeKey {
    NodeKey::new(&entity.name, entity.facts().origin.as_deref())
}

/// The node of a callee known from its caller's subsegment only.
pub(crate) fn inferred_node(entity: &Entity) -> NodeKey {
    match (entity.namespace, &entity.facts().resource) {
        (Namespace::Aws, Some((kind, name))) => NodeKey::new(name, Some(kind)),
        (Namespace::Aws, None) => {
            NodeKey::new(&entity.name, Some(&format!("AWS::{}", entity.name)))
        }
        _ if entity.sql => NodeKey::new(&entity.name, Some(NodeKey::DATABASE)),
        _ => NodeKey::new(&entity.name, Some(NodeKey::REMOTE)),
    }
}

impl Assembly {
    /// What the trace adds to the service graph.
    pub(super) fn contributions(
        &self,
        documents: &[Arc<Document>],
        graph: &Graph,
        wall: f64,
    ) -> Vec<Contribution> {
        let mut list = Vec::new();
        let mut nodes: Vec<Option<Arc<NodeKey>>> = vec![None; self.spans().len()];
        let sample = |entity: &Entity| {
            let second = graph.second(entity.end.unwrap_or(entity.start), wall);
            (second, entity.duration().map(|seconds| Sample::new(entity.class, seconds)))
        };
        for (index, span) in
            self.spans().iter().enumerate().filter(|(_, span)| span.is_segment(documents))
        {
            let entity = span.entity(documents);
            let node = graph.intern(segment_node(entity));
            let (second, sample) = sample(entity);
            list.push(Contribution::node(&node, second, sample));
            if span.parent.is_none() && !span.early {
                let client = graph.intern(NodeKey::new(&entity.name, Some(NodeKey::CLIENT)));
                list.push(Contribution::node(&client, second, None));
                list.push(Contribution::edge(&client, &node, second, sample));
            }
            nodes[index] = Some(node);
        }
        let mut answered = HashSet::new();
        for call in self.calls() {
            let Some(from) = nodes[call.from as usize].clone() else { continue };
            let entity = self.spans()[call.via as usize].entity(documents);
            let (second, sample) = sample(entity);
            let to = match &nodes[call.to as usize] {
                Some(node) => Arc::clone(node),
                None => {
                    let node = graph.intern(inferred_node(entity));
                    list.push(Contribution::node(&node, second, sample).silent(call.silent));
                    // Its consumers come after it.
                    nodes[call.to as usize] = Some(Arc::clone(&node));
                    node
                }
            };
            // A call that was answered twice by the same service is one call.
            if !call.inferred && !answered.insert((call.via, Arc::clone(&to))) {
                continue;
            }
            list.push(Contribution::edge(&from, &to, second, sample));
        }
        list
    }
}
