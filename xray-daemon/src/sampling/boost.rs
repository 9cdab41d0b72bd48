//! When anomalies raise the rate of one rule, how far, and for how long.

use super::report::Anomalies;
use super::rule::Rule;

/// Seconds that a boost lasts, as with the service.
const LENGTH: u64 = 60;
/// From this share of anomalies on a boost goes as far as the rule allows.
const FULL_SHARE: f64 = 0.1;
/// The least part of the way to the highest rate.
const LEAST: f64 = 0.1;

/// A rate in place of the rule's, up to the end of this second of the wall clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Boost {
    pub(crate) rate: f64,
    pub(crate) until: u64,
}

/// The last boost of a rule.
#[derive(Debug, Default)]
pub(crate) struct Booster {
    last: Option<Boost>,
}

impl Booster {
    /// Begins a boost if there are anomalies, the rule allows one, and the last one is long enough ago.
    ///
    /// The more of the requests are anomalies, the further it goes: in proportion up to a tenth of them,
    /// where it reaches the highest rate, and a tenth of the way at least.
    pub(crate) fn report(&mut self, rule: &Rule, anomalies: &Anomalies<'_>, now: f64) {
        let Some(allowed) = rule.sampling_rate_boost else { return };
        if anomalies.anomalies == 0 || allowed.max_rate <= rule.fixed_rate {
            return;
        }
        let rest = u64::from(allowed.cooldown_window_minutes) * 60;
        let second = now as u64;
        if self.last.is_some_and(|last| second <= last.until + rest) {
            return;
        }
        let total = anomalies.total.max(anomalies.anomalies);
        let share = f64::from(anomalies.anomalies) / f64::from(total);
        let way = (share / FULL_SHARE).clamp(LEAST, 1.0);
        let rate = rule.fixed_rate + (allowed.max_rate - rule.fixed_rate) * way;
        self.last = Some(Boost { rate: rate.min(allowed.max_rate), until: second + LENGTH });
    }

    /// The boost that is in force, never beyond what the rule allows by now.
    pub(crate) fn boost(&self, rule: &Rule, now: f64) -> Option<Boost> {
        let last = self.last.filter(|last| now as u64 <= last.until)?;
        let rate = last.rate.min(rule.sampling_rate_boost?.max_rate);
        (rate > rule.fixed_rate).then_some(Boost { rate, ..last })
    }
}
