use super::Live;
use crate::record::{Batch, slots::Place, state::State};

/// Bytes of text that a batch writes at most in one go, which no one looks at while it does: some fields of a kilobyte.
const ROOM: usize = 64 * 1024;

/// What is known of a subsegment when it begins.
pub(in crate::record) trait Known {
    /// It has begun, and the lock is still held.
    fn locked(&mut self, state: &mut State, entity: u32);

    /// The lock is not held any more, or was not.
    fn unlocked(&mut self, live: &Live, place: Place);
}

/// Nothing.
impl Known for () {
    fn locked(&mut self, _: &mut State, _: u32) {}

    fn unlocked(&mut self, _: &Live, _: Place) {}
}

/// What is written in a batch.
pub(in crate::record) struct Written<'a, W> {
    batch: &'a mut Batch,
    write: W,
    /// Under the lock, where it can be.
    at_once: bool,
    is_written: bool,
}

impl<'a, W: Fn(&mut Batch)> Written<'a, W> {
    pub(crate) fn new(batch: &'a mut Batch, write: W, at_once: bool) -> Self {
        Self { batch, write, at_once, is_written: false }
    }
}

impl<W: Fn(&mut Batch)> Known for Written<'_, W> {
    #[inline]
    fn locked(&mut self, state: &mut State, entity: u32) {
        if self.at_once
            && let Some(journal) = state.open_journal(ROOM)
        {
            self.batch.write_into(journal, entity, &self.write);
            self.is_written = true;
        }
    }

    #[inline]
    fn unlocked(&mut self, live: &Live, place: Place) {
        let is_more = if self.is_written {
            self.batch.write_rest(&self.write)
        } else {
            (self.write)(self.batch);
            true
        };
        if is_more && !self.batch.is_empty() {
            live.note_all(place, self.batch);
        }
    }
}
