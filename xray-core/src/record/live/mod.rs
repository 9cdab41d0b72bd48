//! A segment being recorded.

mod begin;
mod change;
mod end;
mod function;
mod known;
mod leave;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use self::function::Function;
use super::{
    Recorder,
    slots::Place,
    sources::Beginning,
    state::{Provisional, State},
    watch::Watch,
};
use crate::{
    SegmentId, TraceId,
    document::clean_name,
    emit::Ticket,
    header::Carried,
    stats,
    sync::{BriefMutex, atomic::AtomicUsize},
};

pub(super) use self::known::{Known, Written};

/// A segment being recorded, with all its subsegments, behind one lock of its own.
///
/// It is used again for another segment when nobody has a handle any more, so in steady state
/// recording allocates nothing.
#[derive(Debug)]
pub(crate) struct Live {
    /// `None` only while it waits to be used again: it must not keep its recorder then.
    recorder: Option<Recorder>,
    pub(crate) trace_id: TraceId,
    /// Id of the record's first entity.
    pub(crate) id: SegmentId,
    /// What the caller's headers carried, for the headers of our own calls.
    pub(crate) carried: Carried,
    /// The decision was no, and callers and callees were told so; it may still be kept at its end.
    pub(crate) provisional: Option<Provisional>,
    beginning: Beginning,
    /// It is what a function does.
    function: Option<Box<Function>>,
    /// How it ends is reported for the sampling rule.
    watch: Option<Box<Watch>>,
    /// Code demanded that it is kept, although the decision was no.
    promoted: AtomicBool,
    /// Bytes that count as held while it waits for its subsegments.
    held: AtomicUsize,
    state: BriefMutex<State>,
}

impl Live {
    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    /// Shows it as in progress if it runs for long, until the ticket is given back.
    pub(crate) fn watch(self: &Arc<Self>) -> Option<Ticket> {
        self.recorder.as_ref()?.hub().watch(self, self.id.bits())
    }

    pub(crate) fn held(&self) -> &AtomicUsize {
        &self.held
    }

    /// The time since it began.
    pub(crate) fn elapsed(&self) -> Duration {
        let elapsed = |recorder: &Recorder| self.beginning.elapsed(recorder.sources());
        self.recorder.as_ref().map(elapsed).unwrap_or_default()
    }

    /// Keeps a segment that the rules did not sample; from now on it is one as any other.
    pub(crate) fn promote(&self) {
        let Some(recorder) = &self.recorder else { return };
        let mut state = self.state.lock();
        if state.provisional && state.has_record() {
            state.provisional = false;
            self.promoted.store(true, Ordering::Relaxed);
            stats::add(&recorder.counters().promoted, 1);
        }
    }

    /// What callers and callees are told: not sampled as long as it may be thrown away.
    pub(crate) fn is_told_sampled(&self) -> bool {
        self.provisional.is_none() || self.promoted.load(Ordering::Relaxed)
    }

    /// The name, while the entity is there.
    pub(crate) fn name(&self, place: Place) -> Option<String> {
        let recorder = self.recorder.as_ref()?;
        let name = {
            let mut state = self.state.lock();
            let record = state.written_up(recorder)?;
            let name = record.entity(place)?.name;
            record.text(name).to_owned()
        };
        // Outside of the lock, since it may log.
        Some(clean_name(&name, recorder.service()).into_owned())
    }
}
