use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::{Known, Live};
use crate::{
    SegmentId, TraceId,
    header::Carried,
    record::{
        Recorder,
        settle::noted_name,
        slots::Place,
        sources::Beginning,
        state::{Heading, Role, State},
    },
    stats::Drop,
    sync::BriefMutex,
};

impl Live {
    /// One that records nothing yet.
    fn unused() -> Self {
        Self {
            recorder: None,
            trace_id: TraceId::NOOP,
            id: SegmentId::NOOP,
            carried: Carried::default(),
            provisional: None,
            beginning: Beginning::NEVER,
            function: None,
            watch: None,
            promoted: false.into(),
            held: 0.into(),
            state: BriefMutex::new(State::default()),
        }
    }

    /// Makes it as unused; `None` if somebody has a handle.
    pub(crate) fn reused(mut self: Arc<Self>) -> Option<Arc<Self>> {
        let live = Arc::get_mut(&mut self)?;
        live.recorder = None;
        live.watch = None;
        live.carried = Carried::default();
        live.state.get_mut().reuse();
        Some(self)
    }

    /// Begins a segment, or a subsegment that leaves on its own; returns it with its id.
    pub(crate) fn begin(
        recorder: &Recorder,
        name: &str,
        caller: (Option<TraceId>, Option<SegmentId>),
        carried: Carried,
        role: Role,
    ) -> (Arc<Self>, SegmentId) {
        let hub = recorder.hub();
        let mut live = hub.used().unwrap_or_else(|| Arc::new(Self::unused()));
        // Of what is unused nobody else has a handle.
        if let Some(live) = Arc::get_mut(&mut live) {
            live.set_up(recorder, name, caller, carried, role);
        }
        let id = live.id;
        (live, id)
    }

    #[inline]
    fn set_up(
        &mut self,
        recorder: &Recorder,
        name: &str,
        (root, parent): (Option<TraceId>, Option<SegmentId>),
        carried: Carried,
        role: Role,
    ) {
        let sources = recorder.sources();
        self.beginning = match role {
            Role::Streamed(ago) | Role::Function(ago) if !ago.is_zero() => {
                Beginning::ago(ago, sources)
            }
            _ => Beginning::now(sources),
        };
        let wall = self.beginning.wall;
        self.trace_id = root.unwrap_or_else(|| sources.trace_id(wall.as_secs()));
        self.carried = carried;
        self.promoted.store(false, Ordering::Relaxed);
        self.held.store(0, Ordering::Relaxed);
        let streamed = matches!(role, Role::Streamed(_) | Role::Function(_));
        self.function = matches!(role, Role::Function(_)).then(Box::default);
        let rule;
        (rule, self.provisional, self.watch) = match role {
            Role::Segment(rule, watch) => (rule, None, watch),
            Role::Streamed(_) | Role::Function(_) => (None, None, None),
            Role::Provisional(provisional, watch) => (None, Some(provisional), watch),
        };
        let heading = Heading {
            trace_id: self.trace_id,
            parent_id: parent,
            start: wall.as_micros() as u64,
            streamed,
            rule,
        };
        let state = self.state.get_mut();
        self.id = state.begin(heading, name, self.provisional.is_some(), sources);
        self.recorder = Some(recorder.clone());
    }

    /// Begins a subsegment, so long ago, with what is known of it; returns what it is recorded in and its place there, or under a
    /// segment that was thrown away itself.
    #[inline]
    pub(in crate::record) fn begin_child(
        self: Arc<Self>,
        parent: Place,
        name: &str,
        ago: Duration,
        mut known: impl Known,
    ) -> Result<(Arc<Self>, Place), Arc<Self>> {
        let Some(recorder) = &self.recorder else { return Err(self) };
        let mut start = self.micros(recorder);
        if !ago.is_zero() {
            start = start.saturating_sub(u64::try_from(ago.as_micros()).unwrap_or(u64::MAX));
        }
        let name = &*noted_name(name, recorder.service());
        {
            let mut state = self.state.lock();
            if state.discarded {
                drop(state);
                return Err(self);
            }
            let place = state
                .begin_child(parent, name, start, recorder.sources())
                .or_else(|| state.begin_child_of_record(parent, name, start, recorder));
            if let Some(place) = place {
                known.locked(&mut state, place.index);
                drop(state);
                known.unlocked(&self, place);
                return Ok((self, place));
            }
            if state.provisional {
                recorder.counters().dropped(Drop::RecordFull, 1);
                drop(state);
                return Err(self);
            }
        }
        // The parent has left, as it has for a task that outlives its request, or the record is
        // full: the subsegment leaves in a document of its own.
        let caller = (Some(self.trace_id), Some(parent.id));
        let carried = self.carried.clone();
        let (live, id) = Self::begin(recorder, name, caller, carried, Role::Streamed(ago));
        let place = Place { index: 0, id };
        known.unlocked(&live, place);
        Ok((live, place))
    }

    /// Microseconds since it began.
    #[inline]
    pub(super) fn micros(&self, recorder: &Recorder) -> u64 {
        self.beginning.micros(recorder.sources())
    }
}
