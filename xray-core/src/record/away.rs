use std::{collections::VecDeque, mem};

use super::{Data, journal::Journal};
use crate::{emit::lock, sync::Mutex};

/// The record of a segment that runs and has many subsegments, while it is with the worker: of what is
/// noted from then on, the worker gets one journal after the other, and sends what has ended.
///
/// Two locks, so that a thread that notes never waits for the worker: only one that has to look into the record
/// does.
#[derive(Debug, Default)]
pub(crate) struct Away {
    pending: Mutex<Pending>,
    record: Mutex<Option<Box<Data>>>,
}

#[derive(Debug, Default)]
struct Pending {
    journals: VecDeque<Journal>,
    /// An empty one, for the next hand-over.
    used: Option<Journal>,
    /// Journals that the worker was not told of, since its queue was full.
    untold: usize,
    /// With the last journal the segment has ended.
    complete: bool,
}

impl Away {
    /// Gives the record away.
    pub(super) fn give(&self, record: Box<Data>) {
        *lock(&self.record) = Some(record);
    }

    /// Adds what has happened since, and leaves an empty journal. `complete` says that the segment has ended, and
    /// nothing else is open.
    pub(super) fn push(&self, journal: &mut Journal, complete: bool) {
        let mut pending = lock(&self.pending);
        let used = pending.used.take().unwrap_or_default();
        pending.journals.push_back(mem::replace(journal, used));
        pending.complete |= complete;
    }

    /// The worker could not be told of the last journal.
    pub(crate) fn is_untold(&self) {
        lock(&self.pending).untold += 1;
    }

    /// What leaves by now, as the worker was told of one more journal: subsegments that had ended by its end, in order,
    /// and then the record itself if the segment has ended.
    pub(crate) fn sweep(&self) -> (Vec<Box<Data>>, Option<Box<Data>>) {
        let mut record = lock(&self.record);
        let journals = 1 + mem::take(&mut lock(&self.pending).untold);
        let (parts, complete) = self.write_up(record.as_deref_mut(), journals);
        (parts, if complete { record.take() } else { None })
    }

    /// Takes the record back, and what leaves before.
    pub(crate) fn take_back(&self) -> (Option<Box<Data>>, Vec<Box<Data>>) {
        let mut record = lock(&self.record);
        let (parts, _) = self.write_up(record.as_deref_mut(), usize::MAX);
        (record.take(), parts)
    }

    fn write_up(&self, record: Option<&mut Data>, journals: usize) -> (Vec<Box<Data>>, bool) {
        let mut parts = Vec::new();
        let Some(record) = record else { return (parts, false) };
        for _ in 0..journals {
            let (mut journal, last) = {
                let mut pending = lock(&self.pending);
                let Some(journal) = pending.journals.pop_front() else { break };
                (journal, pending.complete && pending.journals.is_empty())
            };
            record.replay(&mut journal);
            if last {
                return (parts, true);
            }
            // One by one, since what is open now may have ended in the next.
            parts.extend(record.take_ready(usize::MAX));
            lock(&self.pending).used = Some(journal);
        }
        (parts, false)
    }
}
