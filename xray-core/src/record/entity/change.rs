//! What is noted of an entity, and changed in its record.

use std::sync::Arc;

use super::{Entity, Kind, Passing, Words};
use crate::{
    record::{
        Batch, Live, Recorder,
        data::Data,
        journal::Journal,
        slots::{Place, Rest},
        sources::Sources,
    },
    stats::Drop,
};

impl Entity {
    #[inline]
    pub(super) fn flag(&self, clear: u8, set: u8) {
        self.note_outcome(clear, set, None);
    }

    /// Where ids of what is recorded here come from.
    pub(in crate::record) fn sources(&self) -> Option<&Sources> {
        match &self.0 {
            Kind::Recorded { live, .. } => live.recorder().map(Recorder::sources),
            Kind::Passing(_) | Kind::Facade(_) | Kind::Absent => None,
        }
    }

    /// Notes something, where anything is recorded; `bytes` is what its texts add.
    pub(in crate::record) fn note(&self, bytes: usize, note: impl FnOnce(&mut Journal, u32)) {
        if let Kind::Recorded { live, place, .. } = &self.0 {
            live.note(*place, bytes, note);
        }
    }

    /// Notes what a batch has of this entity.
    #[inline]
    pub(in crate::record) fn note_all(&self, batch: &Batch) {
        if let Kind::Recorded { live, place, .. } = &self.0
            && !batch.is_empty()
        {
            live.note_all(*place, batch);
        }
    }

    /// What it is recorded in, and its place there.
    #[inline]
    pub(in crate::record) fn in_record(&self) -> Option<(Arc<Live>, Place)> {
        match &self.0 {
            Kind::Recorded { live, place, .. } => Some((Arc::clone(live), *place)),
            Kind::Passing(_) | Kind::Facade(_) | Kind::Absent => None,
        }
    }

    /// If it is not recorded and all there is to be known of it fits.
    #[inline]
    pub(in crate::record) fn words(&self) -> Option<Words<u64>> {
        match &self.0 {
            Kind::Passing(passing) => passing.words(),
            Kind::Recorded { .. } | Kind::Facade(_) | Kind::Absent => None,
        }
    }

    #[inline]
    pub(in crate::record) fn of_words(words: Words<u64>) -> Self {
        Self::passing(Passing::of_words(words))
    }

    /// Notes how it turns out.
    #[inline]
    pub(in crate::record) fn note_outcome(&self, clear: u8, set: u8, status: Option<u16>) {
        if let Kind::Recorded { live, place, .. } = &self.0 {
            live.note_outcome(*place, clear, set, status);
        }
    }

    /// Something of it is not recorded, since there was no room.
    pub(in crate::record) fn count_dropped(&self) {
        if let Kind::Recorded { live, .. } = &self.0
            && let Some(recorder) = live.recorder()
        {
            recorder.counters().dropped(Drop::RecordFull, 1);
        }
    }

    pub(in crate::record) fn change(&self, bytes: usize, change: impl FnOnce(&mut Data, u32)) {
        if let Kind::Recorded { live, place, .. } = &self.0 {
            live.change(*place, bytes, |record| change(record, place.index));
        }
    }

    /// Changes what only a segment has: on the segment, whichever entity this is.
    pub(in crate::record) fn change_segment(&self, bytes: usize, change: impl FnOnce(&mut Rest)) {
        let mut streamed = false;
        self.segment().change(bytes, |record, index| {
            streamed = record.streamed;
            if !streamed {
                record.count_bytes(bytes);
                change(record.rest(index));
            }
        });
        // Outside of the lock, since the program's logger may record.
        if streamed {
            crate::logging::debug!("a field of a segment that is not here is ignored");
        }
    }

    pub(in crate::record) fn change_rest(&self, bytes: usize, change: impl FnOnce(&mut Rest)) {
        self.change(bytes, |record, index| {
            record.count_bytes(bytes);
            change(record.rest(index));
        });
    }
}
