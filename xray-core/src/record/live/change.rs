use super::Live;
use crate::{
    record::{
        Batch, Data,
        journal::{Journal, Note},
        slots::Place,
        state::State,
    },
    stats::Drop,
};

/// Why nothing is changed.
enum Ignored {
    Ended,
    Left,
    Full,
}

impl Live {
    /// Notes what happens to an entity; `bytes` is what its texts add. What only sets something that
    /// has a place already, such as a fault, adds none, and is noted although the record is full.
    #[inline]
    pub(in crate::record) fn note(
        &self,
        place: Place,
        bytes: usize,
        note: impl FnOnce(&mut Journal, u32),
    ) {
        let mut state = self.state.lock();
        if let Some(journal) = state.open_journal(bytes) {
            return note(journal, place.index);
        }
        let ignored = match self.check(&mut state, place, bytes) {
            Ok(()) => return note(&mut state.journal, place.index),
            Err(ignored) => ignored,
        };
        drop(state);
        self.ignored(&ignored);
    }

    /// Notes all that a batch has of an entity.
    pub(in crate::record) fn note_all(&self, place: Place, batch: &Batch) {
        if !self.state.lock().note(batch, place.index) {
            self.note_each(place, batch);
        }
    }

    /// Where not all may have room, or it has to be looked whether the entity has ended.
    #[cold]
    pub(super) fn note_each(&self, place: Place, batch: &Batch) {
        let mut texts = &*batch.texts;
        for annotation in &batch.notes {
            let (noted, rest) = texts.split_at(annotation.texts_len());
            texts = rest;
            self.note(place, noted.len(), |journal, entity| {
                journal.text(Some(noted));
                journal.note(annotation.of(entity));
            });
        }
        if let Some(namespace) = batch.namespace {
            self.note(place, 0, |journal, entity| {
                journal.note(Note::Namespace { entity, namespace });
            });
        }
    }

    /// Notes how an entity turns out.
    #[inline]
    pub(crate) fn note_outcome(&self, place: Place, clear: u8, set: u8, status: Option<u16>) {
        let note = Note::Outcome { entity: place.index, clear, set, status };
        let mut state = self.state.lock();
        if state.open_journal(0).is_some() || self.check(&mut state, place, 0).is_ok() {
            if place.index == 0 {
                state.outcome.turn(clear, set, status);
            }
            state.journal.note(note);
        }
    }

    /// Changes an entity that has not ended in the record itself; `bytes` is what the change adds.
    pub(crate) fn change(&self, place: Place, bytes: usize, change: impl FnOnce(&mut Data)) {
        let Some(recorder) = &self.recorder else { return };
        let ignored = {
            let mut state = self.state.lock();
            match self.check(&mut state, place, bytes) {
                Ok(()) => match state.written_up(recorder) {
                    Some(record) => return change(record),
                    None => Ignored::Left,
                },
                Err(ignored) => ignored,
            }
        };
        self.ignored(&ignored);
    }

    /// Looks into the record whether an entity can be changed.
    #[cold]
    fn check(&self, state: &mut State, place: Place, bytes: usize) -> Result<(), Ignored> {
        let recorder = self.recorder.as_ref();
        let record = recorder.and_then(|recorder| state.written_up(recorder));
        let record = record.ok_or(Ignored::Left)?;
        if !record.is_open_at(place) {
            Err(Ignored::Ended)
        } else if bytes > 0 && !record.fits(bytes) {
            Err(Ignored::Full)
        } else {
            Ok(())
        }
    }

    /// Outside of the lock, since the program's logger may record.
    #[cold]
    fn ignored(&self, why: &Ignored) {
        match (why, &self.recorder) {
            (Ignored::Ended, _) => crate::logging::debug!("a change after the end is ignored"),
            (Ignored::Left, _) => {
                crate::logging::debug!("a change after the trace has left is ignored");
            }
            (Ignored::Full, Some(recorder)) => recorder.counters().dropped(Drop::RecordFull, 1),
            (Ignored::Full, None) => {}
        }
    }
}
