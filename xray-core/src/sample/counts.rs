use std::sync::atomic::{AtomicU64, Ordering};

/// How a rule decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Taken,
    Borrowed,
    ByRate,
    Not,
}

/// What a rule decided since it is known. Totals only grow: a report is the difference to what was
/// reported before, so one that fails loses nothing.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    requests: AtomicU64,
    taken: AtomicU64,
    borrowed: AtomicU64,
    by_rate: AtomicU64,
}

/// A copy of [`Counts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) requests: u64,
    pub(crate) taken: u64,
    pub(crate) borrowed: u64,
    pub(crate) by_rate: u64,
}

impl Counts {
    pub(crate) fn add(&self, how: How) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let counter = match how {
            How::Taken => &self.taken,
            How::Borrowed => &self.borrowed,
            How::ByRate => &self.by_rate,
            How::Not => return,
        };
        counter.fetch_add(1, Ordering::Release);
    }

    /// Read in this order, no copy has more sampled than there were requests.
    pub(crate) fn totals(&self) -> Totals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        let (taken, borrowed, by_rate) =
            (read(&self.taken), read(&self.borrowed), read(&self.by_rate));
        Totals { requests: read(&self.requests), taken, borrowed, by_rate }
    }
}

impl Totals {
    pub(crate) fn plus(self, more: Self) -> Self {
        Self {
            requests: self.requests + more.requests,
            taken: self.taken + more.taken,
            borrowed: self.borrowed + more.borrowed,
            by_rate: self.by_rate + more.by_rate,
        }
    }

    /// What can be told at once: no number above `most`, and no more sampled than there were requests,
    /// as there may seem to be where a copy was taken between two counters.
    pub(crate) fn bounded(self, most: u64) -> Self {
        let requests = self.requests.min(most);
        let borrowed = self.borrowed.min(requests);
        let taken = self.taken.min(requests - borrowed);
        let by_rate = self.by_rate.min(requests - borrowed - taken);
        Self { requests, taken, borrowed, by_rate }
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            requests: self.requests - before.requests,
            taken: self.taken - before.taken,
            borrowed: self.borrowed - before.borrowed,
            by_rate: self.by_rate - before.by_rate,
        }
    }

    pub(crate) fn not_sampled(self) -> u64 {
        self.requests - self.taken - self.borrowed - self.by_rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_told_at_once_is_told_later() {
        let all = Totals { requests: 10, taken: 3, borrowed: 1, by_rate: 9 };
        let first = all.bounded(u64::MAX);
        assert_eq!(first, Totals { requests: 10, taken: 3, borrowed: 1, by_rate: 6 });
        assert_eq!(first.not_sampled(), 0);
        let rest = all.since(first);
        assert_eq!(rest, Totals { by_rate: 3, ..Totals::default() });
        assert_eq!(all.bounded(4), Totals { requests: 4, taken: 3, borrowed: 1, by_rate: 0 });
    }
}
