//! What is known of a live segment: what has happened, where its record is, what is open.

mod away;
mod end;
mod stayed;

use std::{mem, sync::Arc, time::Duration};

pub(super) use self::end::{EndOfChild, Leaving, Taken};
use self::stayed::Stayed;
use super::{
    Away, Batch, Common, Data, Recorder,
    data::{MAX_ENTITIES, MAX_RECORD_BYTES},
    ids::Ids,
    journal::Journal,
    keep::Fate,
    slots::{NONE, Place, is_fault},
    sources::Sources,
    watch::{End, Watch},
};
use crate::{SegmentId, TraceId, sample::RuleState};

/// How a segment begins.
#[derive(Debug)]
pub(crate) enum Role {
    /// The rule that sampled it, and who waits for its end.
    Segment(Option<Arc<RuleState>>, Option<Box<Watch>>),
    /// A subsegment that leaves on its own and began so long ago.
    Streamed(Duration),
    /// The same, beneath a segment that somebody else emits.
    Function(Duration),
    Provisional(Provisional, Option<Box<Watch>>),
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
    /// In its place, while the worker has it.
    away: Option<Arc<Away>>,
    /// Roughly the bytes that the worker was given. What has left by now still counts, until the record comes back.
    away_size: usize,
    /// Entities begun when the worker last got something, and those of them that have not left since.
    swept: u32,
    stayed: Stayed,
    /// The record has left for good.
    left: bool,
    /// As long as nothing was.
    heading: Option<Heading>,
    /// What has happened since.
    pub(super) journal: Journal,
    /// Nothing ended but by its guard, and nothing has left but by the worker: so what happens can be noted
    /// without a look at the record.
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

impl State {
    /// Makes it as unused, with a journal that keeps what it has allocated.
    pub(super) fn reuse(&mut self) {
        (self.record, self.away, self.heading) = (None, None, None);
        (self.away_size, self.swept) = (0, 0);
        self.stayed.clear();
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
        self.journal.begin(id, 0, NONE, name);
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
        let is_here = parent.index >= self.swept || self.stayed.has(parent.index);
        if self.begun > MAX_ENTITIES as u32 || !is_here || !self.has_room(name.len()) {
            return None;
        }
        let place = Place { index: self.begun, id: self.ids.next(sources) };
        self.journal.begin(place.id, start, parent.index, name);
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
        // Then slots are used again, and what is noted has to be looked at.
        self.plain &= self.begun <= MAX_ENTITIES as u32;
        let plain = self.plain;
        let record = self.written_up(recorder)?;
        if record.held() >= MAX_ENTITIES || !record.fits(name.len()) {
            return None;
        }
        record.entity(parent)?;
        let id = self.ids.next(recorder.sources());
        let record = self.written_up(recorder)?;
        let name = record.push_text(name);
        let index = match plain {
            true => record.push_entity(id, parent.index, name, start),
            false => record.push_entity_in_gap(id, parent.index, name, start),
        };
        let place = Place { index, id };
        self.begun += 1;
        self.open_subsegments += 1;
        Some(place)
    }

    /// The journal, if a note of an entity can be added that needs no look at the record.
    #[inline]
    pub(super) fn open_journal(&mut self, bytes: usize) -> Option<&mut Journal> {
        self.has_room(bytes).then_some(&mut self.journal)
    }

    /// Notes a batch of an entity, if that needs no look at the record.
    #[inline]
    pub(super) fn note(&mut self, batch: &Batch, entity: u32) -> bool {
        let journal = self.open_journal(batch.texts.len());
        journal.map(|journal| journal.append(batch, entity)).is_some()
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
    pub(super) fn written_up(&mut self, recorder: &Recorder) -> Option<&mut Data> {
        if self.left {
            return None;
        }
        if let Some(away) = self.away.take() {
            self.bring_back(&away, recorder);
        }
        let record = self.record.take();
        let record = self.write_up(record, recorder.common());
        Some(self.record.insert(record))
    }

    /// Writes up what has happened since the last time, if there was one.
    pub(super) fn write_up(
        &mut self,
        record: Option<Box<Data>>,
        common: &Arc<Common>,
    ) -> Box<Data> {
        let mut record = self.begun(record, common);
        record.replay(&mut self.journal);
        record
    }

    /// The record, which begins now unless it has.
    #[inline]
    fn begun(&mut self, record: Option<Box<Data>>, common: &Arc<Common>) -> Box<Data> {
        let mut record = record.unwrap_or_else(|| common.spares.take());
        if let Some(heading) = self.heading.take() {
            record.begin(heading, common);
        }
        record
    }

    /// Roughly the bytes that are held.
    #[inline]
    pub(super) fn size(&self) -> usize {
        self.journal.size() + self.written_size() + self.away_size
    }

    /// The same of what was written up and is here.
    #[inline]
    fn written_size(&self) -> usize {
        self.record.as_ref().map_or(0, |record| record.document_size())
    }

    /// Throws the record away, if it is there.
    pub(super) fn discard(&mut self) -> bool {
        (self.segment_open, self.discarded, self.plain) = (false, true, false);
        if let Some(away) = self.away.take() {
            away.take_back();
        }
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
