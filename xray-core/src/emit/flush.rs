use std::{sync::PoisonError, task::Waker, time::Instant};

use super::lock;
use crate::sync::{Condvar, Mutex};

/// A flush that is under way.
#[derive(Debug)]
pub(crate) struct Flush {
    pub(super) deadline: Instant,
    state: Mutex<(Option<bool>, Option<Waker>)>,
    done: Condvar,
}

impl Flush {
    pub(super) fn new(deadline: Instant) -> Self {
        Self { deadline, state: Mutex::default(), done: Condvar::new() }
    }

    pub(super) fn finish(&self, all_left: bool) {
        let waker = {
            let mut state = lock(&self.state);
            state.0 = Some(all_left);
            state.1.take()
        };
        self.done.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Blocks until it is done or its time is over.
    pub(crate) fn wait(&self) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let state = lock(&self.state);
        let waited = self.done.wait_timeout_while(state, left, |state| state.0.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.0.unwrap_or(false)
    }

    /// The result, or `None` and the waker is called when it is there.
    pub(crate) fn poll(&self, waker: &Waker) -> Option<bool> {
        let mut state = lock(&self.state);
        if state.0.is_none() {
            state.1 = Some(waker.clone());
        }
        state.0
    }
}
