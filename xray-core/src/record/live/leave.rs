use super::{Live, end::judge};
use crate::{
    emit::{Record, lock},
    record::Data,
    stats,
};

impl Live {
    /// Sends a segment that has ended and whose subsegments have not: these are marked in progress,
    /// and each leaves again, complete, when it ends.
    pub(crate) fn leave_early(&self) {
        let Some(recorder) = &self.recorder else { return };
        let copy = {
            let mut state = lock(&self.state);
            let provisional = state.provisional;
            state.written_up(recorder).filter(|_| provisional).map(|record| record.copy_whole())
        };
        // Outside of the lock, since it may ask the user's code.
        let fate = copy.map(|mut copy| {
            let end = copy.end();
            judge(recorder, end, || {
                copy.settle();
                &copy
            })
        });
        let mut state = lock(&self.state);
        if state.segment_open || state.left_early {
            return;
        }
        let Some(copy) = state.written_up(recorder).map(Data::leave_behind_open) else { return };
        // It is decided only now: an end or a demand to keep it may have come first, and decided.
        let fate = fate.filter(|_| state.provisional);
        if fate.is_some_and(|fate| !state.decide(fate, recorder)) {
            state.discard();
            return;
        }
        state.leaves_early();
        stats::add(&recorder.counters().left_early, 1);
        recorder.hub().deliver(Record::new(copy));
    }

    /// Sends what is there of a segment that runs, once.
    pub(crate) fn show_in_progress(&self) {
        self.show(|_| ());
    }

    /// As [`show_in_progress`](Self::show_in_progress), with a last word that only what is sent has.
    pub(crate) fn show(&self, last_word: impl FnOnce(&mut Data)) {
        let Some(recorder) = &self.recorder else { return };
        let mut state = lock(&self.state);
        if !state.segment_open || state.shown {
            return;
        }
        state.shown = true;
        let Some(record) = state.written_up(recorder) else { return };
        stats::add(&recorder.counters().in_progress, 1);
        let mut copy = record.copy_whole();
        last_word(&mut copy);
        recorder.hub().deliver(Record::new(copy));
    }

    /// The request that a function serves is over: where the function has returned before, what is still
    /// open waits no longer.
    pub(crate) fn leave_after_request(&self) {
        let Some(recorder) = &self.recorder else { return };
        if lock(&self.state).segment_open {
            return;
        }
        recorder.hub().let_go(self);
        self.leave_early();
        recorder.hub().emit_inline();
    }

    /// Throws away what has not left, and what will be recorded yet.
    pub(crate) fn discard(&self) {
        let was_here = lock(&self.state).discard();
        if let Some(recorder) = self.recorder.as_ref().filter(|_| was_here) {
            stats::add(&recorder.counters().discarded, 1);
        }
    }
}
