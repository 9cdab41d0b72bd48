use std::{
    sync::{Arc, Mutex},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use super::{
    Data, Recorder,
    data::{EntityData, MAX_ENTITIES, NONE, OPEN, flag},
};
use crate::{
    SegmentId, TraceId,
    emit::lock,
    header::TraceHeader,
    stats::{self, Drop},
};

/// A segment being recorded, with all its subsegments, behind one lock of its own.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) recorder: Recorder,
    pub(crate) trace_id: TraceId,
    /// Id of the record's first entity.
    pub(crate) id: SegmentId,
    /// What the caller's header carried on, for the headers of our own calls.
    pub(crate) data: Option<Arc<str>>,
    /// The one wall clock reading is in the record; all else is measured from here, so that a
    /// clock step cannot make a negative duration.
    base: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// `None` once the record has left for good.
    record: Option<Box<Data>>,
    segment_open: bool,
    open_subsegments: u32,
    /// The segment left while subsegments were open; each of them leaves at its own end.
    left_early: bool,
}

impl Live {
    /// Begins a segment, or with `streamed` a subsegment that leaves on its own; returns it with its
    /// id.
    pub(crate) fn begin(
        recorder: &Recorder,
        name: &str,
        header: &TraceHeader,
        streamed: bool,
    ) -> (Arc<Self>, SegmentId) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let trace_id = header.root.unwrap_or_else(|| TraceId::with_time(now.as_secs()));
        let id = SegmentId::random();
        let mut record = recorder.hub().record();
        record.common = Some(Arc::clone(recorder.common()));
        record.trace_id = Some(trace_id);
        record.parent_id = header.parent;
        record.streamed = streamed;
        record.start = now.as_micros() as u64;
        record.push_entity(id, NONE, name, 0);
        let state = State {
            record: Some(record),
            segment_open: true,
            open_subsegments: 0,
            left_early: false,
        };
        let live = Self {
            recorder: recorder.clone(),
            trace_id,
            id,
            data: header.data.clone(),
            base: Instant::now(),
            state: Mutex::new(state),
        };
        (Arc::new(live), id)
    }

    /// Begins a subsegment; returns what it is recorded in, its place there and its id.
    pub(crate) fn begin_child(
        self: &Arc<Self>,
        parent: (u32, SegmentId),
        name: &str,
    ) -> (Arc<Self>, u32, SegmentId) {
        let start = self.elapsed();
        {
            let mut state = lock(&self.state);
            let State { record, open_subsegments, .. } = &mut *state;
            let fits = |record: &&mut Box<Data>| {
                record.entities.len() < MAX_ENTITIES && record.fits(name.len())
            };
            if let Some(record) = record.as_mut().filter(fits) {
                let id = SegmentId::random();
                let index = record.push_entity(id, parent.0, name, start);
                *open_subsegments += 1;
                return (Arc::clone(self), index, id);
            }
        }
        // The record has left, as it has for a task that outlives its request, or it is full: the
        // subsegment leaves in a document of its own.
        let header = TraceHeader {
            root: Some(self.trace_id),
            parent: Some(parent.1),
            sampled: None,
            data: self.data.clone(),
        };
        let (live, id) = Self::begin(&self.recorder, name, &header, true);
        (live, 0, id)
    }

    /// Changes an entity that has not ended; `bytes` is what the change adds.
    pub(crate) fn change(&self, entity: u32, bytes: usize, change: impl FnOnce(&mut Data)) {
        let mut state = lock(&self.state);
        let Some(record) = state.record.as_mut() else {
            return log::debug!("a change after the trace has left is ignored");
        };
        if record.entities[entity as usize].end != OPEN {
            log::debug!("a change after the end is ignored");
        } else if record.fits(bytes) {
            change(record);
        } else {
            self.recorder.counters().dropped(Drop::RecordFull, 1);
        }
    }

    /// Ends an entity; whoever ends the last open one of the tree hands the record over.
    pub(crate) fn end(self: &Arc<Self>, entity: u32) {
        let now = self.elapsed();
        let mut hold = false;
        let leaving = {
            let mut state = lock(&self.state);
            let State { record, segment_open, open_subsegments, left_early } = &mut *state;
            let Some(data) = record else { return };
            let ended = &mut data.entities[entity as usize];
            if ended.end != OPEN {
                return;
            }
            ended.end = now.max(ended.start);
            if entity == 0 {
                *segment_open = false;
                hold = *open_subsegments > 0;
            } else {
                *open_subsegments -= 1;
            }
            if *left_early {
                let straggler = take_straggler(data, entity);
                if *open_subsegments == 0 {
                    *record = None;
                }
                straggler
            } else if !*segment_open && *open_subsegments == 0 {
                record.take()
            } else {
                None
            }
        };
        let hub = self.recorder.hub();
        if let Some(record) = leaving {
            hub.deliver(record);
        }
        if hold {
            hub.hold(Arc::clone(self));
        }
        hub.check_deadlines();
    }

    /// Sends a segment that has ended and whose subsegments have not: these are marked in progress,
    /// and each leaves again, complete, when it ends.
    pub(crate) fn leave_early(&self) {
        let copy = {
            let mut state = lock(&self.state);
            if state.segment_open || state.left_early {
                return;
            }
            let Some(record) = state.record.as_mut() else { return };
            let copy = record.subtree(0, |_| true);
            for entity in record.entities.iter_mut().filter(|entity| entity.end != OPEN) {
                entity.flags |= flag::LEFT;
            }
            state.left_early = true;
            copy
        };
        stats::add(&self.recorder.counters().left_early, 1);
        self.recorder.hub().deliver(Box::new(copy));
    }

    fn elapsed(&self) -> u64 {
        self.base.elapsed().as_micros() as u64
    }
}

/// The entity and what ended under it since the segment left; open ones leave at their own end.
fn take_straggler(record: &mut Data, entity: u32) -> Option<Box<Data>> {
    let leaves = |entity: &EntityData| entity.end != OPEN && entity.flags & flag::LEFT == 0;
    let copy = record.subtree(entity, leaves);
    for left in &copy.entities {
        if let Some(original) = record.entities.iter_mut().find(|original| original.id == left.id) {
            original.flags |= flag::LEFT;
        }
    }
    Some(Box::new(copy))
}
