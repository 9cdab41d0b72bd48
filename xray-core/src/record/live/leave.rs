use super::{Live, end::judge};
use crate::{emit::Record, record::Data, stats};

impl Live {
    /// Sends a segment that has ended and whose subsegments have not: these are marked in progress,
    /// and each leaves again, complete, when it ends.
    pub(crate) fn leave_early(&self) {
        let Some(recorder) = &self.recorder else { return };
        let copy = {
            let mut state = self.state.lock();
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
        let mut state = self.state.lock();
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

    /// As [`show_in_progress`](Self::show_in_progress), with a last word that only what is sent has. What a
    /// function does runs as long as its response is handed over.
    pub(crate) fn show(&self, last_word: impl FnOnce(&mut Data)) {
        let Some(recorder) = &self.recorder else { return };
        let mut state = self.state.lock();
        let runs = state.segment_open || self.answers(&mut state, recorder);
        if !runs || state.shown {
            return;
        }
        state.shown = true;
        let Some(record) = state.written_up(recorder) else { return };
        stats::add(&recorder.counters().in_progress, 1);
        let mut copy = record.copy_whole();
        last_word(&mut copy);
        recorder.hub().deliver(Record::new(copy));
    }

    /// Throws away what has not left, and what will be recorded yet.
    pub(crate) fn discard(&self) {
        let was_here = self.state.lock().discard();
        if let Some(recorder) = self.recorder.as_ref().filter(|_| was_here) {
            stats::add(&recorder.counters().discarded, 1);
        }
    }
}
