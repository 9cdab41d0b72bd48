use std::sync::atomic::{AtomicU64, Ordering};

/// What is reported of a rule whose rate may be raised. Totals, as those of
/// [`Counts`](crate::sample::counts::Counts).
#[derive(Debug, Default)]
pub(crate) struct BoostCounts {
    total: AtomicU64,
    anomalies: AtomicU64,
    sampled_anomalies: AtomicU64,
}

/// A copy of [`BoostCounts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BoostTotals {
    pub(super) total: u64,
    pub(super) anomalies: u64,
    pub(super) sampled_anomalies: u64,
}

impl BoostCounts {
    /// Counts a request that has ended.
    pub(crate) fn add(&self, anomaly: bool, sampled: bool) {
        self.total.fetch_add(1, Ordering::Relaxed);
        if anomaly {
            self.anomalies.fetch_add(1, Ordering::Release);
            if sampled {
                self.sampled_anomalies.fetch_add(1, Ordering::Release);
            }
        }
    }

    /// Read in this order, no copy has more of a part than of the whole.
    pub(super) fn totals(&self) -> BoostTotals {
        let sampled_anomalies = self.sampled_anomalies.load(Ordering::Acquire);
        let anomalies = self.anomalies.load(Ordering::Acquire);
        BoostTotals { total: self.total.load(Ordering::Acquire), anomalies, sampled_anomalies }
    }
}

impl BoostTotals {
    pub(super) fn plus(self, more: Self) -> Self {
        Self {
            total: self.total + more.total,
            anomalies: self.anomalies + more.anomalies,
            sampled_anomalies: self.sampled_anomalies + more.sampled_anomalies,
        }
    }

    /// As [`Totals::bounded`](crate::sample::counts::Totals::bounded).
    pub(super) fn bounded(self, most: u64) -> Self {
        let total = self.total.min(most);
        let anomalies = self.anomalies.min(total);
        Self { total, anomalies, sampled_anomalies: self.sampled_anomalies.min(anomalies) }
    }

    pub(super) fn since(self, before: Self) -> Self {
        Self {
            total: self.total - before.total,
            anomalies: self.anomalies - before.anomalies,
            sampled_anomalies: self.sampled_anomalies - before.sampled_anomalies,
        }
    }
}
