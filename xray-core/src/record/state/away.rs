//! The record goes to the worker while its segment runs, and comes back if somebody has to look into it.

use std::sync::Arc;

use super::State;
use crate::record::{Away, Common, Recorder};

impl State {
    /// Takes the record back from the worker; what that would have sent by now leaves.
    #[cold]
    pub(super) fn bring_back(&mut self, away: &Away, recorder: &Recorder) {
        let (record, parts) = away.take_back();
        (self.record, self.away_size) = (record, 0);
        recorder.hub().stream(parts);
    }

    /// Gives the worker all that has happened, to send what has ended; returns where it finds that, and
    /// roughly the bytes.
    pub(in crate::record) fn give_away(&mut self, common: &Arc<Common>) -> (Arc<Away>, usize) {
        self.stayed.after(self.swept, self.record.as_deref(), &self.journal);
        self.swept = self.begun;
        let away = self.away.take().unwrap_or_else(|| {
            let away = Away::default();
            let record = self.record.take();
            let record = self.begun(record, common);
            self.away_size = record.document_size();
            away.give(record);
            Arc::new(away)
        });
        self.away = Some(Arc::clone(&away));
        let size = self.journal.size();
        self.away_size += size;
        away.push(&mut self.journal, false);
        (away, size)
    }
}
