//! What of a live segment has left, and what an end sends on its way.

use std::sync::Arc;

use super::{Data, Recorder, keep::Fate, watch::Watch};
use crate::{document::MAX_DATAGRAM, sample::RuleState};

/// Room in the queue that makes a look through the whole segment worth it.
const SWEEP: usize = 1_024;

/// Subsegments leave before their segment when its document would be over half of a datagram.
const STREAM_BYTES: usize = MAX_DATAGRAM / 2;

/// How a segment begins.
#[derive(Debug)]
pub(crate) enum Role {
    /// The rule that sampled it, and who waits for its end.
    Segment(Option<Arc<RuleState>>, Option<Watch>),
    /// A subsegment that leaves on its own.
    Streamed,
    Provisional(Provisional, Option<Watch>),
}

/// What is remembered of a request that was not sampled and is recorded all the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Provisional {
    /// Whether the caller's header named the trace.
    pub(crate) continued: bool,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// `None` once the record has left for good.
    pub(super) record: Option<Box<Data>>,
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

/// What an end sends on its way.
pub(super) enum Leaving {
    Nothing,
    Whole(Box<Data>),
    /// Subsegments that leave on their own.
    Parts(Vec<Data>),
}

impl State {
    /// Whether all stays together at the end of a subsegment: the usual case, which needs no more
    /// than this look.
    #[inline]
    pub(super) fn stays(&mut self, threshold: usize) -> bool {
        let Some(record) = &self.record else { return false };
        if !self.segment_open || self.left_early {
            return false;
        }
        // What may be thrown away as a whole must stay together.
        self.provisional || {
            let stays = !over(record, threshold);
            self.streaming &= !stays;
            stays
        }
    }

    /// Settles whether a provisional segment leaves.
    pub(super) fn decide(&mut self, fate: Fate, recorder: &Recorder) -> bool {
        self.provisional = false;
        self.discarded = fate != Fate::Kept;
        fate.counted(recorder.counters())
    }

    /// `room` is how many subsegments the queue takes now.
    pub(super) fn leaving(&mut self, ended: u32, threshold: usize, room: usize) -> Leaving {
        let Some(record) = self.record.as_mut() else { return Leaving::Nothing };
        if self.left_early {
            let straggler = record.take_straggler(ended);
            if self.open_subsegments == 0 {
                self.record = None;
            }
            return Leaving::Parts(vec![straggler]);
        }
        if !self.segment_open && self.open_subsegments == 0 {
            return self.record.take().map_or(Leaving::Nothing, Leaving::Whole);
        }
        // What may be thrown away as a whole must stay together.
        if self.provisional {
            return Leaving::Nothing;
        }
        if !over(record, threshold) {
            self.streaming = false;
            return Leaving::Nothing;
        }
        // With a full queue they wait inside the segment. Looking through a whole segment is only
        // worth it for many.
        if room == 0 || (!self.streaming && room < SWEEP) {
            self.streaming = false;
            return Leaving::Nothing;
        }
        // The first time all that is ready leaves; from then on only this end can make more ready.
        if self.streaming {
            return record
                .take_newly_ready(ended)
                .map_or(Leaving::Nothing, |part| Leaving::Parts(vec![part]));
        }
        let parts = record.take_ready(room);
        self.streaming = parts.len() < room;
        Leaving::Parts(parts)
    }
}

/// Whether it is time that subsegments leave before their segment.
#[inline]
fn over(record: &Data, threshold: usize) -> bool {
    record.held() > threshold || record.document_size() > STREAM_BYTES
}
