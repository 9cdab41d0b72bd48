use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use super::{
    Data, Recorder, Tree,
    data::MAX_ENTITIES,
    keep::{Fate, Keep},
    slots::{NONE, OPEN, Place},
    sources::Beginning,
    state::{Leaving, Provisional, Role, State},
    watch::Watch,
};
use crate::{
    SegmentId, TraceId,
    emit::lock,
    header::Carried,
    stats::{self, Drop},
    sync::{Mutex, atomic::AtomicUsize},
};

/// A segment being recorded, with all its subsegments, behind one lock of its own.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) recorder: Recorder,
    pub(crate) trace_id: TraceId,
    /// Id of the record's first entity.
    pub(crate) id: SegmentId,
    /// What the caller's headers carried, for the headers of our own calls.
    pub(crate) carried: Carried,
    /// The decision was no, and callers and callees were told so; it may still be kept at its end.
    pub(crate) provisional: Option<Provisional>,
    beginning: Beginning,
    /// How it ends is reported for the sampling rule.
    watch: Option<Watch>,
    /// Code demanded that it is kept, although the decision was no.
    promoted: AtomicBool,
    /// Bytes that count as held while it waits for its subsegments.
    held: AtomicUsize,
    state: Mutex<State>,
}

impl Live {
    /// Begins a segment, or a subsegment that leaves on its own; returns it with its id.
    pub(crate) fn begin(
        recorder: &Recorder,
        name: &str,
        (root, parent): (Option<TraceId>, Option<SegmentId>),
        carried: Carried,
        role: Role,
    ) -> (Arc<Self>, SegmentId) {
        let sources = recorder.sources();
        let beginning = Beginning::now(sources);
        let trace_id = root.unwrap_or_else(|| sources.trace_id(beginning.wall.as_secs()));
        let id = sources.segment_id();
        let mut record = recorder.hub().record();
        record.common = Some(Arc::clone(recorder.common()));
        record.trace_id = Some(trace_id);
        record.parent_id = parent;
        record.streamed = matches!(role, Role::Streamed);
        let (rule, provisional, watch) = match role {
            Role::Segment(rule, watch) => (rule, None, watch),
            Role::Streamed => (None, None, None),
            Role::Provisional(provisional, watch) => (None, Some(provisional), watch),
        };
        record.rule = rule;
        record.start = beginning.wall.as_micros() as u64;
        record.push_entity(id, NONE, name, 0);
        let state = State {
            record: Some(record),
            provisional: provisional.is_some(),
            discarded: false,
            segment_open: true,
            open_subsegments: 0,
            left_early: false,
            ticket: None,
            shown: false,
            streaming: false,
        };
        let live = Self {
            recorder: recorder.clone(),
            trace_id,
            id,
            carried,
            provisional,
            beginning,
            watch,
            promoted: AtomicBool::new(false),
            held: AtomicUsize::new(0),
            state: Mutex::new(state),
        };
        (Arc::new(live), id)
    }

    /// Begins a subsegment; returns what it is recorded in and its place there, `None` under a
    /// segment that was thrown away.
    pub(crate) fn begin_child(
        self: &Arc<Self>,
        parent: Place,
        name: &str,
    ) -> Option<(Arc<Self>, Place)> {
        let start = self.elapsed();
        {
            let mut state = lock(&self.state);
            if state.discarded {
                return None;
            }
            let provisional = state.provisional;
            let State { record, open_subsegments, .. } = &mut *state;
            if let Some(record) = record
                && record.held() < MAX_ENTITIES
                && record.fits(name.len())
                && record.entity(parent).is_some()
            {
                let id = self.recorder.sources().segment_id();
                let index = record.push_entity(id, parent.index, name, start);
                *open_subsegments += 1;
                return Some((Arc::clone(self), Place { index, id }));
            }
            if provisional {
                self.recorder.counters().dropped(Drop::RecordFull, 1);
                return None;
            }
        }
        // The parent has left, as it has for a task that outlives its request, or the record is
        // full: the subsegment leaves in a document of its own.
        let caller = (Some(self.trace_id), Some(parent.id));
        let carried = self.carried.clone();
        let (live, id) = Self::begin(&self.recorder, name, caller, carried, Role::Streamed);
        Some((live, Place { index: 0, id }))
    }

    /// Changes an entity that has not ended; `bytes` is what the change adds.
    pub(crate) fn change(&self, place: Place, bytes: usize, change: impl FnOnce(&mut Data)) {
        let ignored = {
            let mut state = lock(&self.state);
            if let Some(record) = state.record.as_mut() {
                if record.entity(place).is_some_and(|entity| entity.is_open()) {
                    // What is only set, such as a fault, has a place already.
                    if bytes == 0 || record.fits(bytes) {
                        return change(record);
                    }
                    return self.recorder.counters().dropped(Drop::RecordFull, 1);
                }
                "the end"
            } else {
                "the trace has left"
            }
        };
        // Outside of the lock, since the program's logger may record.
        crate::logging::debug!("a change after {ignored} is ignored");
    }

    /// Ends an entity; whoever ends the last open one of the tree hands the record over.
    pub(crate) fn end(self: &Arc<Self>, place: Place, at: Option<SystemTime>) {
        let now = self.elapsed();
        let at = at.map(micros_since_epoch);
        let hub = self.recorder.hub();
        let mut provisional = None;
        let mut ended = None;
        let (mut delivered, hold) = {
            let mut state = lock(&self.state);
            let Some(record) = state.record.as_mut() else { return };
            let now = at.map_or(now, |at| at.saturating_sub(record.start));
            let Some(entity) = record.entity(place) else { return };
            if !entity.is_open() {
                return;
            }
            entity.end = now.clamp(entity.start, OPEN - 1);
            if place.index == 0 && !state.left_early {
                state.segment_open = false;
                ended = self.watch.as_ref().zip(state.record.as_ref().map(|record| record.end()));
                if let Some(ticket) = state.ticket.take() {
                    hub.unwatch(&ticket);
                }
            } else {
                state.open_subsegments -= 1;
            }
            let waits = place.index == 0 && state.open_subsegments > 0 && !state.left_early;
            let hold = state.record.as_ref().filter(|_| waits).map(|record| record.size());
            // Delivered under the lock, so that what is in progress never follows what is complete.
            let threshold = self.recorder.streaming_threshold();
            let delivered = match state.leaving(place.index, threshold, hub.room()) {
                Leaving::Nothing => false,
                Leaving::Whole(record) => {
                    hub.let_go(self);
                    if state.provisional {
                        provisional = Some(record);
                        false
                    } else {
                        hub.deliver(record);
                        true
                    }
                }
                Leaving::Parts(parts) => {
                    let left = parts.into_iter().map(|part| hub.deliver(Box::new(part)));
                    let left = left.filter(|left| *left);
                    stats::add(&self.recorder.counters().streamed, left.count() as u64);
                    true
                }
            };
            (delivered, hold)
        };
        // Outside of the lock, since both may ask the user's code.
        if let Some((watch, end)) = ended {
            watch.settle(&self.recorder, end);
        }
        if let Some(record) = provisional {
            let fate = self.judge(&record);
            delivered = self.decide(&mut lock(&self.state), fate);
            if delivered {
                hub.deliver(record);
            } else {
                hub.recycle(record);
            }
        }
        if delivered {
            hub.emit_inline();
        }
        if let Some(bytes) = hold {
            hub.hold(Arc::clone(self), bytes);
        }
        hub.check_deadlines();
    }

    /// Sends a segment that has ended and whose subsegments have not: these are marked in progress,
    /// and each leaves again, complete, when it ends.
    pub(crate) fn leave_early(&self) {
        let copy = {
            let state = lock(&self.state);
            state.record.as_ref().filter(|_| state.provisional).map(|record| record.copy_whole())
        };
        // Outside of the lock, since it may ask the user's code.
        let fate = copy.map(|copy| self.judge(&copy));
        let mut state = lock(&self.state);
        if state.segment_open || state.left_early {
            return;
        }
        let Some(record) = state.record.as_mut() else { return };
        let copy = record.leave_behind_open();
        // It is decided only now: an end or a demand to keep it may have come first, and decided.
        if fate.filter(|_| state.provisional).is_some_and(|fate| !self.decide(&mut state, fate)) {
            state.record = None;
            return;
        }
        state.left_early = true;
        stats::add(&self.recorder.counters().left_early, 1);
        self.recorder.hub().deliver(Box::new(copy));
    }

    /// Shows it as in progress if it runs for long.
    pub(crate) fn watch(self: &Arc<Self>) {
        let ticket = self.recorder.hub().watch(self, self.id.bits());
        lock(&self.state).ticket = ticket;
    }

    pub(crate) fn held(&self) -> &AtomicUsize {
        &self.held
    }

    pub(crate) fn began(&self) -> Instant {
        self.beginning.mono
    }

    /// Sends what is there of a segment that runs, once.
    pub(crate) fn show_in_progress(&self) {
        let mut state = lock(&self.state);
        if !state.segment_open || state.shown {
            return;
        }
        state.shown = true;
        let Some(record) = &state.record else { return };
        stats::add(&self.recorder.counters().in_progress, 1);
        self.recorder.hub().deliver(Box::new(record.copy_whole()));
    }

    fn judge(&self, record: &Data) -> Fate {
        if !self.recorder.keep().is_some_and(Keep::has_conditions) {
            return Fate::Discarded;
        }
        let document = Tree::new(record).document(0);
        let recorder = &self.recorder;
        let second = || recorder.second();
        recorder
            .keep()
            .map_or(Fate::Discarded, |keep| keep.judge(&document, second, recorder.counters()))
    }

    /// Keeps a segment that the rules did not sample; from now on it is one as any other.
    pub(crate) fn promote(&self) {
        let mut state = lock(&self.state);
        if state.provisional && state.record.is_some() {
            state.provisional = false;
            self.promoted.store(true, Ordering::Relaxed);
            stats::add(&self.recorder.counters().promoted, 1);
        }
    }

    /// What callers and callees are told: not sampled as long as it may be thrown away.
    pub(crate) fn is_told_sampled(&self) -> bool {
        self.provisional.is_none() || self.promoted.load(Ordering::Relaxed)
    }

    /// Settles whether a provisional segment leaves.
    fn decide(&self, state: &mut State, fate: Fate) -> bool {
        let counters = self.recorder.counters();
        match fate {
            Fate::Kept => stats::add(&counters.kept, 1),
            Fate::Capped => stats::add(&counters.kept_capped, 1),
            Fate::Discarded => {}
        }
        state.provisional = false;
        state.discarded = fate != Fate::Kept;
        fate == Fate::Kept
    }

    /// Throws away what has not left, and what will be recorded yet.
    pub(crate) fn discard(&self) {
        let (ticket, record) = {
            let mut state = lock(&self.state);
            state.segment_open = false;
            state.discarded = true;
            (state.ticket.take(), state.record.take())
        };
        if let Some(ticket) = ticket {
            self.recorder.hub().unwatch(&ticket);
        }
        if record.is_some() {
            stats::add(&self.recorder.counters().discarded, 1);
        }
    }

    /// The name, while the entity is there.
    pub(crate) fn name(&self, place: Place) -> Option<String> {
        let mut state = lock(&self.state);
        let record = state.record.as_mut()?;
        let name = record.entity(place)?.name;
        Some(record.text(name).to_owned())
    }

    fn elapsed(&self) -> u64 {
        self.beginning.elapsed(self.recorder.sources()).as_micros() as u64
    }
}

/// A time so late that it does not fit counts as the latest that does.
fn micros_since_epoch(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
