//! What a function does, and the request that it serves.

use std::{
    mem,
    sync::OnceLock,
    task::{Poll, Waker},
};

use super::Live;
use crate::{
    emit::lock,
    record::{Recorder, slots::Place, state::State},
    sync::Mutex,
};

/// The request that a function serves, if it serves one.
#[derive(Debug, Default)]
pub(super) struct Function {
    request: OnceLock<Place>,
    /// Who waits for that request to be over.
    waits: Mutex<Option<Waker>>,
}

impl Live {
    /// Whether it is what a function does that serves no request yet.
    pub(crate) fn awaits_request(&self) -> bool {
        self.function.as_ref().is_some_and(|function| function.request.get().is_none())
    }

    /// The request that a function serves.
    pub(crate) fn request(&self) -> Option<Place> {
        self.function.as_ref()?.request.get().copied()
    }

    /// From now on what comes in belongs to this request.
    pub(crate) fn serves(&self, request: Place) {
        if let Some(function) = &self.function {
            function.request.get_or_init(|| request);
        }
    }

    /// Whether that request is not over: its response has a body that is still handed over.
    pub(crate) fn is_answering(&self) -> bool {
        let recorder = self.recorder.as_ref();
        recorder.is_some_and(|recorder| self.answers(&mut self.state.lock(), recorder))
    }

    /// The same, of a state that is looked at already.
    pub(super) fn answers(&self, state: &mut State, recorder: &Recorder) -> bool {
        let Some(place) = self.request() else { return false };
        let request = state.written_up(recorder).and_then(|record| record.entity(place));
        request.is_some_and(|request| request.is_open())
    }

    /// Ready once that request is over; until then the waker is called when it is.
    pub(crate) fn poll_answered(&self, waker: &Waker) -> Poll<()> {
        // The waker first, since the request may end at any moment.
        if let Some(function) = &self.function {
            lock(&function.waits).replace(waker.clone());
        }
        if self.is_answering() { Poll::Pending } else { Poll::Ready(()) }
    }

    /// The request that a function serves is over: where the function has returned before, what is still
    /// open waits no longer.
    pub(crate) fn leave_after_request(&self) {
        let Some((function, recorder)) = self.function.as_ref().zip(self.recorder.as_ref()) else {
            return;
        };
        if !self.state.lock().segment_open {
            recorder.hub().let_go(self);
            self.leave_early();
            recorder.hub().emit_inline();
        }
        let waits = mem::take(&mut *lock(&function.waits));
        if let Some(waker) = waits {
            waker.wake();
        }
    }
}
