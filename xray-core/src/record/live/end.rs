use std::{
    sync::{Arc, PoisonError},
    time::SystemTime,
};

use super::Live;
use crate::{
    emit::{Record, lock},
    record::{
        Data, Recorder,
        keep::Fate,
        slots::Place,
        state::{Leaving, State},
    },
    stats,
    sync::MutexGuard,
};

impl Live {
    /// Ends the segment, for its guard. Where this is the only handle and nothing else is open, as at
    /// the end of most requests, there is nobody to lock out.
    pub(crate) fn finish(mut self: Arc<Self>, place: Place, at: Option<SystemTime>) {
        let Some(live) = Arc::get_mut(&mut self) else { return self.end(place, at) };
        let Some((recorder, mut record, provisional)) = live.take_whole(place, at) else {
            return self.end(place, at);
        };
        let hub = recorder.hub();
        let kept = !provisional || judge(&recorder, &mut record).counted(recorder.counters());
        let record = Record::with(record, self);
        if kept {
            hub.deliver(record);
            hub.emit_inline();
        } else {
            hub.recycle(record);
        }
        hub.check_deadlines();
    }

    /// Ends a segment that leaves as a whole; gives its recorder, its record, and whether it is
    /// provisional.
    #[inline]
    fn take_whole(
        &mut self,
        place: Place,
        at: Option<SystemTime>,
    ) -> Option<(Recorder, Box<Data>, bool)> {
        let recorder = self.recorder.as_ref()?;
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if place.index != 0 || !state.segment_open || state.open_subsegments > 0 {
            return None;
        }
        let now = self.beginning.micros(recorder.sources());
        let record = state.record.as_mut()?;
        if !record.end_entity(place, now, at) {
            return None;
        }
        if let Some(watch) = self.watch.take() {
            watch.settle(recorder, record.end());
        }
        let record = state.record.take()?;
        Some((self.recorder.take()?, record, state.provisional))
    }

    /// Ends an entity; whoever ends the last open one of the tree hands the record over.
    pub(crate) fn end(self: &Arc<Self>, place: Place, at: Option<SystemTime>) {
        let Some(recorder) = &self.recorder else { return };
        let now = self.micros(recorder);
        let mut state = lock(&self.state);
        let Some(record) = state.record.as_mut() else { return };
        if !record.end_entity(place, now, at) {
            return;
        }
        let is_first = place.index == 0 && !state.left_early;
        if is_first {
            state.segment_open = false;
        } else {
            state.open_subsegments -= 1;
            // The usual case of a subsegment.
            if state.stays(recorder.streaming_threshold()) {
                drop(state);
                return recorder.hub().check_deadlines();
            }
        }
        self.leave(state, place.index, recorder);
    }

    /// Sends what is ready now that this entity has ended.
    #[inline(never)]
    fn leave(self: &Arc<Self>, mut state: MutexGuard<'_, State>, ended: u32, recorder: &Recorder) {
        let hub = recorder.hub();
        let is_first = ended == 0 && !state.left_early;
        let record = state.record.as_ref().filter(|_| is_first);
        let end = self.watch.as_ref().zip(record.map(|record| record.end()));
        let hold = record.filter(|_| state.open_subsegments > 0).map(|record| record.size());
        let mut provisional = None;
        let mut delivered = false;
        // Delivered under the lock, so that what is in progress never follows what is complete.
        match state.leaving(ended, recorder.streaming_threshold(), hub.room()) {
            Leaving::Nothing => {}
            Leaving::Whole(record) => {
                hub.let_go(self);
                if state.provisional {
                    provisional = Some(record);
                } else {
                    hub.deliver(Record::new(record));
                    delivered = true;
                }
            }
            Leaving::Parts(parts) => {
                let left = parts.into_iter().map(|part| hub.deliver(Record::new(Box::new(part))));
                let left = left.filter(|left| *left);
                stats::add(&recorder.counters().streamed, left.count() as u64);
                delivered = true;
            }
        }
        drop(state);
        // Outside of the lock, since both may ask the user's code.
        if let Some((watch, end)) = end {
            watch.settle(recorder, end);
        }
        if let Some(mut record) = provisional {
            let fate = judge(recorder, &mut record);
            delivered = lock(&self.state).decide(fate, recorder);
            if delivered {
                hub.deliver(Record::new(record));
            } else {
                hub.recycle(Record::new(record));
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
}

/// What becomes of a provisional segment. It may ask the user's code.
pub(super) fn judge(recorder: &Recorder, record: &mut Data) -> Fate {
    match recorder.keep() {
        Some(keep) => keep.judge(record, || recorder.second(), recorder.counters()),
        None => Fate::Discarded,
    }
}
