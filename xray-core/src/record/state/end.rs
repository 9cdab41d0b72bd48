//! What an end leaves to do, and sends on its way.

use std::sync::Arc;

use super::State;
use crate::{
    document::MAX_DATAGRAM,
    record::{Away, Data, Recorder, journal::Note, slots::Place, watch::End},
};

/// Room in the queue that makes a look through the whole segment worth it.
const SWEEP: usize = 1_024;

/// Subsegments leave before their segment when its document would be over half of a datagram.
const STREAM_BYTES: usize = MAX_DATAGRAM / 2;

/// With more entities that stay the worker is not given what has ended: each hand-over would look through them.
const MOST_STAYED: usize = 256;

/// What an end sends on its way.
pub(in crate::record) enum Leaving {
    Nothing,
    Whole(Box<Data>),
    /// Subsegments that leave on their own.
    Parts(Vec<Box<Data>>),
}

/// What the end of a subsegment asks for.
pub(in crate::record) enum EndOfChild {
    Noted,
    /// The same, and there is much that could leave.
    Many,
    /// It was not noted, and the record has to be looked at.
    Look,
}

/// What is taken out of a segment that leaves as a whole, without a look at its record.
pub(in crate::record) struct Taken {
    pub(in crate::record) record: Option<Box<Data>>,
    pub(in crate::record) away: Option<Arc<Away>>,
    pub(in crate::record) end: End,
}

impl State {
    /// Takes the record out, with all that has happened.
    pub(in crate::record) fn take(&mut self, recorder: &Recorder) -> Option<Box<Data>> {
        self.written_up(recorder)?;
        (self.plain, self.left) = (false, true);
        self.record.take()
    }

    /// Takes out what was written up of a segment that ends with nothing else open, without a look at
    /// it: the rest stays behind, for [`write_up`](Self::write_up).
    #[inline]
    pub(in crate::record) fn take_plain(&mut self, at: u64) -> Option<Taken> {
        if !self.plain || !self.segment_open || self.open_subsegments > 0 {
            return None;
        }
        self.journal.note(Note::End { at, entity: 0 });
        (self.plain, self.left, self.segment_open) = (false, true, false);
        let (record, away) = (self.record.take(), self.away.take());
        Some(Taken { record, away, end: self.outcome.end(at) })
    }

    /// Ends a subsegment for its guard, if that needs no look at the record. `may_give_away` is asked if
    /// there is much that could leave.
    #[inline]
    pub(in crate::record) fn end_child(
        &mut self,
        place: Place,
        at: u64,
        threshold: usize,
        may_give_away: impl FnOnce() -> bool,
    ) -> EndOfChild {
        if !self.plain || !self.segment_open || place.index == 0 || self.journal.is_long() {
            return EndOfChild::Look;
        }
        let held = (self.begun - self.swept) as usize + self.stayed.len() - 1;
        let many = held > threshold || self.journal.size() + self.written_size() > STREAM_BYTES;
        // What may be thrown away as a whole must stay together.
        let many = many && !self.provisional;
        if many && (self.stays_much() || !may_give_away()) {
            return EndOfChild::Look;
        }
        self.journal.note(Note::End { at, entity: place.index });
        self.open_subsegments -= 1;
        self.streaming = false;
        if many { EndOfChild::Many } else { EndOfChild::Noted }
    }

    /// So much stays that giving the rest away would cost more than it saves.
    fn stays_much(&self) -> bool {
        self.open_subsegments as usize > MOST_STAYED || self.stayed.len() > MOST_STAYED
    }

    /// Ends an entity and tells how the first one stands; `None` if it has left or has ended before.
    pub(in crate::record) fn end_in_record(
        &mut self,
        place: Place,
        at: u64,
        recorder: &Recorder,
    ) -> Option<End> {
        // From now on an end may come twice: once by a panic, once by its guard.
        self.plain = false;
        let record = self.written_up(recorder)?;
        if !record.end_entity(place, at) {
            return None;
        }
        let end = record.end();
        if place.index == 0 && !self.left_early {
            self.segment_open = false;
        } else {
            self.open_subsegments -= 1;
        }
        Some(end)
    }

    /// `room` is how many subsegments the queue takes now.
    pub(in crate::record) fn leaving(
        &mut self,
        ended: u32,
        recorder: &Recorder,
        room: usize,
    ) -> Leaving {
        let (left_early, streaming) = (self.left_early, self.streaming);
        let threshold = recorder.streaming_threshold();
        if !left_early && !self.segment_open && self.open_subsegments == 0 {
            return self.take(recorder).map_or(Leaving::Nothing, Leaving::Whole);
        }
        let provisional = self.provisional;
        let Some(record) = self.written_up(recorder) else { return Leaving::Nothing };
        if left_early {
            let straggler = record.take_straggler(ended);
            if self.open_subsegments == 0 {
                (self.record, self.left) = (None, true);
            }
            return Leaving::Parts(vec![straggler]);
        }
        // What may be thrown away as a whole must stay together.
        if provisional {
            return Leaving::Nothing;
        }
        let over = record.held() > threshold || record.document_size() > STREAM_BYTES;
        // With a full queue they wait inside the segment. Looking through a whole segment is only
        // worth it for many.
        if !over || room == 0 || (!streaming && room < SWEEP) {
            self.streaming = false;
            return Leaving::Nothing;
        }
        // The first time all that is ready leaves; from then on only this end can make more ready.
        if streaming {
            return record
                .take_newly_ready(ended)
                .map_or(Leaving::Nothing, |part| Leaving::Parts(vec![part]));
        }
        let parts = record.take_ready(room);
        self.streaming = parts.len() < room;
        self.plain = false;
        Leaving::Parts(parts)
    }
}
