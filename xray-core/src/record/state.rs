//! What of a live segment has left, and what an end sends on its way.

use std::{mem, sync::Arc, time::Duration};

use super::{
    Common, Data, Recorder,
    data::{MAX_ENTITIES, MAX_RECORD_BYTES},
    ids::Ids,
    journal::{Journal, Note},
    keep::Fate,
    slots::{NONE, Place, is_fault},
    sources::Sources,
    watch::{End, Watch},
};
use crate::{SegmentId, TraceId, document::MAX_DATAGRAM, sample::RuleState};

/// Room in the queue that makes a look through the whole segment worth it.
const SWEEP: usize = 1_024;

/// Subsegments leave before their segment when its document would be over half of a datagram.
const STREAM_BYTES: usize = MAX_DATAGRAM / 2;

/// How a segment begins.
#[derive(Debug)]
pub(crate) enum Role {
    /// The rule that sampled it, and who waits for its end.
    Segment(Option<Arc<RuleState>>, Option<Watch>),
    /// A subsegment that leaves on its own and began so long ago.
    Streamed(Duration),
    Provisional(Provisional, Option<Watch>),
}

/// What is remembered of a request that was not sampled and is recorded all the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Provisional {
    /// Whether the caller's header named the trace.
    pub(crate) continued: bool,
}

/// What stands at the head of a record.
#[derive(Debug)]
pub(super) struct Heading {
    pub(super) trace_id: TraceId,
    pub(super) parent_id: Option<SegmentId>,
    /// Microseconds since the epoch.
    pub(super) start: u64,
    /// The first entity is a subsegment that leaves on its own.
    pub(super) streamed: bool,
    /// The rule of the X-Ray service that sampled it.
    pub(super) rule: Option<Arc<RuleState>>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// What was written up, if something was.
    record: Option<Box<Data>>,
    /// The record has left for good.
    left: bool,
    /// As long as nothing was.
    heading: Option<Heading>,
    /// What has happened since.
    pub(super) journal: Journal,
    /// The record is here, nothing of it has left, and nothing ended but by its guard: so what
    /// happens can be noted without a look at the record.
    plain: bool,
    /// Entities begun as long as it is plain.
    begun: u32,
    ids: Ids,
    /// How the first entity ends, as far as is known.
    pub(super) outcome: SoFar,
    /// It is not decided yet whether it leaves.
    pub(super) provisional: bool,
    /// It was thrown away, with all that is recorded under it later.
    pub(super) discarded: bool,
    pub(super) segment_open: bool,
    pub(super) open_subsegments: u32,
    /// The segment left while subsegments were open; each of them leaves at its own end.
    pub(super) left_early: bool,
    /// It has been shown as in progress, which X-Ray takes once.
    pub(super) shown: bool,
    /// The record is over the streaming threshold, and what was ready to leave has left.
    pub(super) streaming: bool,
}

/// Flags and status of the first entity.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SoFar {
    flags: u8,
    status: Option<u16>,
}

/// What an end sends on its way.
pub(super) enum Leaving {
    Nothing,
    Whole(Box<Data>),
    /// Subsegments that leave on their own.
    Parts(Vec<Data>),
}

impl State {
    /// Makes it as unused, with a journal that keeps what it has allocated.
    pub(super) fn reuse(&mut self) {
        (self.record, self.heading) = (None, None);
        self.journal.clear();
    }

    /// Begins a segment in what is unused; returns its id.
    #[inline]
    pub(super) fn begin(
        &mut self,
        heading: Heading,
        name: &str,
        provisional: bool,
        sources: &Sources,
    ) -> SegmentId {
        let mut ids = Ids::new(sources);
        let id = ids.next(sources);
        (self.heading, self.left) = (Some(heading), false);
        self.ids = ids;
        let name = self.journal.text(Some(name));
        self.journal.note(Note::Begin { id, start: 0, parent: NONE, name });
        (self.plain, self.begun) = (true, 1);
        self.outcome = SoFar::default();
        (self.provisional, self.discarded) = (provisional, false);
        (self.segment_open, self.open_subsegments) = (true, 0);
        (self.left_early, self.shown, self.streaming) = (false, false, false);
        id
    }

    /// Begins a subsegment, if that needs no look at the record.
    #[inline]
    pub(super) fn begin_child(
        &mut self,
        parent: Place,
        name: &str,
        start: u64,
        sources: &Sources,
    ) -> Option<Place> {
        if self.begun > MAX_ENTITIES as u32 || !self.has_room(name.len()) {
            return None;
        }
        let place = Place { index: self.begun, id: self.ids.next(sources) };
        let name = self.journal.text(Some(name));
        self.journal.note(Note::Begin { id: place.id, start, parent: parent.index, name });
        self.begun += 1;
        self.open_subsegments += 1;
        Some(place)
    }

    /// As [`begin_child`](Self::begin_child) in any case; `None` if the parent has left or the record
    /// is full.
    pub(super) fn begin_child_of_record(
        &mut self,
        parent: Place,
        name: &str,
        start: u64,
        recorder: &Recorder,
    ) -> Option<Place> {
        let record = self.written_up(recorder.common())?;
        if record.held() >= MAX_ENTITIES || !record.fits(name.len()) {
            return None;
        }
        record.entity(parent)?;
        let id = self.ids.next(recorder.sources());
        let record = self.written_up(recorder.common())?;
        let name = record.push_text(name);
        let place = Place { index: record.push_entity(id, parent.index, name, start), id };
        self.begun += 1;
        self.open_subsegments += 1;
        Some(place)
    }

    /// The journal, if a note of an entity can be added that needs no look at the record.
    #[inline]
    pub(super) fn open_journal(&mut self, bytes: usize) -> Option<&mut Journal> {
        self.has_room(bytes).then_some(&mut self.journal)
    }

    /// Whether so many bytes of text can be noted without a look at the record. What adds none only
    /// sets what has a place already.
    #[inline]
    fn has_room(&self, bytes: usize) -> bool {
        self.plain
            && !self.journal.is_long()
            && (bytes == 0 || self.size() + bytes <= MAX_RECORD_BYTES)
    }

    /// The record, with all that has happened; `None` once it has left.
    pub(super) fn written_up(&mut self, common: &Arc<Common>) -> Option<&mut Data> {
        if self.left {
            return None;
        }
        let record = self.record.take();
        let record = self.write_up(record, common);
        Some(self.record.insert(record))
    }

    /// Takes the record out, with all that has happened.
    pub(super) fn take(&mut self, common: &Arc<Common>) -> Option<Box<Data>> {
        self.written_up(common)?;
        (self.plain, self.left) = (false, true);
        self.record.take()
    }

    /// Takes out what was written up of a segment that ends with nothing else open, without a look at
    /// it: the rest stays behind, for [`write_up`](Self::write_up).
    #[inline]
    pub(super) fn take_plain(&mut self, at: u64) -> Option<(Option<Box<Data>>, End)> {
        if !self.plain || !self.segment_open || self.open_subsegments > 0 {
            return None;
        }
        self.journal.note(Note::End { at, entity: 0 });
        (self.plain, self.left, self.segment_open) = (false, true, false);
        Some((self.record.take(), self.outcome.end(at)))
    }

    /// Writes up what has happened since the last time, if there was one.
    pub(super) fn write_up(
        &mut self,
        record: Option<Box<Data>>,
        common: &Arc<Common>,
    ) -> Box<Data> {
        let mut record = record.unwrap_or_else(|| common.spares.take());
        if let Some(heading) = self.heading.take() {
            record.begin(heading, common);
        }
        record.replay(&mut self.journal);
        record
    }

    /// Roughly the bytes that are held.
    #[inline]
    pub(super) fn size(&self) -> usize {
        let written = self.record.as_ref().map_or(0, |record| record.document_size());
        self.journal.size() + written
    }

    /// Ends a subsegment for its guard, if that needs no look at the record: `true` if that is all
    /// there is to do.
    #[inline]
    pub(super) fn end_child(&mut self, place: Place, at: u64, threshold: usize) -> bool {
        if !self.plain || !self.segment_open || place.index == 0 || self.journal.is_long() {
            return false;
        }
        // What may be thrown away as a whole must stay together.
        let held = self.begun as usize - 1;
        if !self.provisional && (held > threshold || self.size() > STREAM_BYTES) {
            return false;
        }
        self.journal.note(Note::End { at, entity: place.index });
        self.open_subsegments -= 1;
        self.streaming = false;
        true
    }

    /// Ends an entity and tells how the first one stands; `None` if it has left or has ended before.
    pub(super) fn end_in_record(
        &mut self,
        place: Place,
        at: u64,
        recorder: &Recorder,
    ) -> Option<End> {
        // From now on an end may come twice: once by a panic, once by its guard.
        self.plain = false;
        let record = self.written_up(recorder.common())?;
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

    /// Throws the record away, if it is there.
    pub(super) fn discard(&mut self) -> bool {
        (self.segment_open, self.discarded, self.plain) = (false, true, false);
        (self.record, self.heading) = (None, None);
        self.journal.clear();
        !mem::replace(&mut self.left, true)
    }

    /// Whether the record is here.
    pub(super) fn has_record(&self) -> bool {
        !self.left
    }

    /// The segment has left, and what is still open leaves by itself.
    pub(super) fn leaves_early(&mut self) {
        (self.left_early, self.plain) = (true, false);
    }

    /// Settles whether a provisional segment leaves.
    pub(super) fn decide(&mut self, fate: Fate, recorder: &Recorder) -> bool {
        self.provisional = false;
        self.discarded = fate != Fate::Kept;
        fate.counted(recorder.counters())
    }

    /// `room` is how many subsegments the queue takes now.
    pub(super) fn leaving(&mut self, ended: u32, recorder: &Recorder, room: usize) -> Leaving {
        let (left_early, streaming) = (self.left_early, self.streaming);
        let threshold = recorder.streaming_threshold();
        if !left_early && !self.segment_open && self.open_subsegments == 0 {
            return self.take(recorder.common()).map_or(Leaving::Nothing, Leaving::Whole);
        }
        let provisional = self.provisional;
        let Some(record) = self.written_up(recorder.common()) else { return Leaving::Nothing };
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

impl SoFar {
    /// What a note of the first entity's outcome says.
    #[inline]
    pub(super) fn turn(&mut self, clear: u8, set: u8, status: Option<u16>) {
        self.flags = (self.flags & !clear) | set;
        self.status = status.or(self.status);
    }

    /// If it ends so many microseconds after it began.
    fn end(self, at: u64) -> End {
        let fault = is_fault(self.flags, self.status);
        End { status: self.status, fault, took: Duration::from_micros(at) }
    }
}
