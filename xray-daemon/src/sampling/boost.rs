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

#[cfg(test)]
mod tests {
    use super::super::rule::RateBoost;
    use super::*;

    fn rule(rate: f64, max_rate: f64, cooldown_window_minutes: u32) -> Rule {
        let boost = RateBoost { max_rate, cooldown_window_minutes };
        Rule { sampling_rate_boost: Some(boost), ..Rule::new("r", 1, 1, rate) }
    }

    fn anomalies(anomalies: u32, total: u32) -> Anomalies<'static> {
        Anomalies { rule: "r", total, anomalies }
    }

    #[test]
    fn one_minute_and_then_none_for_the_cooldown() {
        let rule = rule(0.05, 0.5, 2);
        let mut booster = Booster::default();
        let mut told = Vec::new();
        for now in 1_000..1_300 {
            booster.report(&rule, &anomalies(50, 100), f64::from(now));
            let boost = booster.boost(&rule, f64::from(now));
            if boost != told.last().and_then(|(_, boost)| *boost) {
                told.push((now, boost));
            }
        }
        let boost = |until| Some(Boost { rate: 0.5, until });
        assert_eq!(
            told,
            [(1_000, boost(1_060)), (1_061, None), (1_181, boost(1_241)), (1_242, None),]
        );
    }

    #[test]
    fn it_goes_further_the_more_there_are() {
        let rule = rule(0.1, 0.6, 0);
        for (some, total, rate) in [
            (1, 100_000, 0.15),
            (1, 20, 0.35),
            (1, 10, 0.6),
            (9, 10, 0.6),
            (5, 0, 0.6),
            (i32::MAX as u32, 1, 0.6),
        ] {
            let mut booster = Booster::default();
            booster.report(&rule, &anomalies(some, total), 50.0);
            let boost = booster.boost(&rule, 50.0).unwrap();
            assert!((boost.rate - rate).abs() < 1e-9, "{some} of {total}: {}", boost.rate);
        }
    }

    #[test]
    fn no_boost_without_reason_or_leave() {
        let cases = [
            (rule(0.1, 0.6, 0), anomalies(0, 100)),
            (rule(0.6, 0.6, 0), anomalies(50, 100)),
            (Rule::new("r", 1, 1, 0.1), anomalies(50, 100)),
        ];
        for (rule, anomalies) in cases {
            let mut booster = Booster::default();
            booster.report(&rule, &anomalies, 50.0);
            assert_eq!(booster.boost(&rule, 50.0), None);
        }
        // What the rule allows may change meanwhile.
        let mut booster = Booster::default();
        booster.report(&rule(0.1, 0.6, 0), &anomalies(50, 100), 50.0);
        assert_eq!(booster.boost(&rule(0.1, 0.2, 0), 51.0).unwrap().rate, 0.2);
        assert_eq!(booster.boost(&rule(0.2, 0.2, 0), 51.0), None);
        assert_eq!(booster.boost(&Rule::new("r", 1, 1, 0.1), 51.0), None);
    }
}
