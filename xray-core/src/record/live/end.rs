use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use super::Live;
use crate::{
    emit::Record,
    record::{
        Common, Data, Recorder,
        keep::Fate,
        slots::Place,
        state::{EndOfChild, Leaving, State, Taken},
        watch::{End, Watch},
    },
    sync::BriefGuard,
};

/// What is taken out of a segment that leaves as a whole.
struct Whole {
    recorder: Recorder,
    taken: Taken,
    size: usize,
    watch: Option<Box<Watch>>,
    provisional: bool,
}

impl Live {
    /// Ends the segment, for its guard. Where this is the only handle and nothing else is open, as at
    /// the end of most requests, there is nobody to lock out.
    pub(crate) fn finish(mut self: Arc<Self>, place: Place, at: Option<SystemTime>) {
        let whole = Arc::get_mut(&mut self).and_then(|live| live.take_whole(at));
        let Some((Whole { recorder, taken, size, watch, provisional }, state)) = whole else {
            return self.end(place, at);
        };
        let hub = recorder.hub();
        let Taken { record, away, end } = taken;
        if let Some(away) = away {
            let size = state.journal.size();
            away.push(&mut state.journal, true);
            hub.sweep_last(&away, size);
            hub.recycle(Record::with(None, self, 0));
        } else {
            let mut record = Record::with(record, self, size);
            let kept = !provisional
                || judge(&recorder, end, || record.settled(recorder.common()))
                    .counted(recorder.counters());
            if kept {
                hub.deliver(record);
                hub.emit_inline();
            } else {
                hub.recycle(record);
            }
        }
        // It may ask the user's code.
        if let Some(watch) = watch {
            watch.settle(&recorder, end);
        }
        hub.check_deadlines();
    }

    /// Ends a segment that leaves as a whole, if that is so.
    #[inline]
    fn take_whole(&mut self, at: Option<SystemTime>) -> Option<(Whole, &mut State)> {
        let now = self.end_time(self.recorder.as_ref()?, at);
        let state = self.state.get_mut();
        let (size, provisional) = (state.size(), state.provisional);
        let taken = state.take_plain(now)?;
        let recorder = self.recorder.take()?;
        let watch = self.watch.take();
        Some((Whole { recorder, taken, size, watch, provisional }, state))
    }

    /// Writes up what has happened in a segment that has left, beyond what was written up before.
    pub(crate) fn write_up(
        &mut self,
        record: Option<Box<Data>>,
        common: &Arc<Common>,
    ) -> Box<Data> {
        let state = self.state.get_mut();
        state.write_up(record, common)
    }

    /// Ends a subsegment for its guard; whoever ends the last open one of the tree hands the record
    /// over.
    pub(crate) fn end_child(self: &Arc<Self>, place: Place, at: Option<SystemTime>) {
        let Some(recorder) = &self.recorder else { return };
        let now = self.end_time(recorder, at);
        let mut state = self.state.lock();
        let hub = recorder.hub();
        match state.end_child(place, now, recorder.streaming_threshold(), || hub.takes_sweeps()) {
            EndOfChild::Noted => {
                drop(state);
                hub.check_deadlines();
            }
            EndOfChild::Many => {
                let (away, size) = state.give_away(recorder.common());
                hub.sweep(&away, size);
            }
            EndOfChild::Look => self.end_and_leave(state, place, now, recorder),
        }
    }

    /// As [`end_child`](Self::end_child), for any entity, which may have ended before.
    pub(crate) fn end(self: &Arc<Self>, place: Place, at: Option<SystemTime>) {
        let Some(recorder) = &self.recorder else { return };
        let now = self.end_time(recorder, at);
        self.end_and_leave(self.state.lock(), place, now, recorder);
    }

    /// Microseconds after it began: now, or at a time that has been.
    #[inline]
    fn end_time(&self, recorder: &Recorder, at: Option<SystemTime>) -> u64 {
        match at {
            None => self.beginning.micros(recorder.sources()),
            // A time so late that it does not fit counts as the latest that does.
            Some(at) => {
                let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
                let since = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
                since.saturating_sub(self.beginning.wall.as_micros() as u64)
            }
        }
    }

    /// Sends what is ready now that this entity has ended.
    #[inline(never)]
    fn end_and_leave(
        self: &Arc<Self>,
        mut state: BriefGuard<'_, State>,
        place: Place,
        at: u64,
        recorder: &Recorder,
    ) {
        let Some(end) = state.end_in_record(place, at, recorder) else { return };
        let hub = recorder.hub();
        let is_first = place.index == 0 && !state.left_early;
        let watch = self.watch.as_ref().filter(|_| is_first);
        // A response that is handed over is no subsegment that was left behind: its end is waited for.
        let left_behind =
            is_first && state.open_subsegments > 0 && !self.answers(&mut state, recorder);
        let hold = left_behind.then(|| state.size());
        let mut provisional = None;
        let mut delivered = false;
        // Delivered under the lock, so that what is in progress never follows what is complete.
        match state.leaving(place.index, recorder, hub.room()) {
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
                hub.stream(parts);
                delivered = true;
            }
        }
        drop(state);
        // Outside of the lock, since both may ask the user's code.
        if let Some(watch) = watch {
            watch.settle(recorder, end);
        }
        if let Some(record) = provisional {
            let end = record.end();
            let mut record = Record::new(record);
            let fate = judge(recorder, end, || record.settled(recorder.common()));
            delivered = self.state.lock().decide(fate, recorder);
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
}

/// What becomes of a provisional segment. It may ask the user's code.
pub(super) fn judge<'r>(recorder: &Recorder, end: End, record: impl FnOnce() -> &'r Data) -> Fate {
    match recorder.keep() {
        Some(keep) => keep.judge(end, record, || recorder.second(), recorder.counters()),
        None => Fate::Discarded,
    }
}
