//! When to call, and when to call again after a failure.

use std::time::Duration;

/// Between two polls of the rules, as in all X-Ray SDKs; up to the jitter later, so that the
/// processes of a fleet do not call at once.
const RULES: Duration = Duration::from_secs(300);
const RULES_JITTER: Duration = Duration::from_secs(5);

/// Between two reports.
const TARGETS: Duration = Duration::from_secs(10);
const TARGETS_JITTER: Duration = Duration::from_millis(100);

/// Longest time between two tries.
const LONGEST: Duration = Duration::from_secs(300);

/// The pace of one kind of call.
#[derive(Debug)]
pub(super) struct Pace {
    usual: Duration,
    jitter: Duration,
    /// Before the first try after a failure; twice as long before each further one.
    again: Duration,
    failures: u32,
    /// When to call next.
    pub(super) at: Duration,
}

impl Pace {
    /// The rules are wanted at once.
    pub(super) fn of_rules() -> Self {
        let again = Duration::from_secs(1);
        Self { usual: RULES, jitter: RULES_JITTER, again, failures: 0, at: Duration::ZERO }
    }

    /// There is nothing to report before the first interval has passed.
    pub(super) fn of_targets() -> Self {
        let mut pace = Self {
            usual: TARGETS,
            jitter: TARGETS_JITTER,
            again: TARGETS,
            failures: 0,
            at: Duration::ZERO,
        };
        pace.succeeded(Duration::ZERO);
        pace
    }

    pub(super) fn succeeded(&mut self, now: Duration) {
        self.failures = 0;
        self.at = now + self.usual + self.jitter.mul_f64(rand::random());
    }

    /// Waits for a part of the time that grows, at least half of it.
    pub(super) fn failed(&mut self, now: Duration) {
        let most = self.again.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        self.at = now + most.mul_f64(0.5 + rand::random::<f64>() / 2.0);
    }

    /// Not later than this.
    pub(super) fn no_later_than(&mut self, at: Duration) {
        self.at = self.at.min(at);
    }

    pub(super) fn is_failing(&self) -> bool {
        self.failures > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(pace: &mut Pace, failures: usize) -> Vec<Duration> {
        (0..failures)
            .map(|_| {
                pace.failed(Duration::ZERO);
                pace.at
            })
            .collect()
    }

    #[test]
    fn waits_longer_after_each_failure_and_never_too_long() {
        for (mut pace, first) in [(Pace::of_rules(), 1.0), (Pace::of_targets(), 10.0)] {
            for (wait, doubled) in waits(&mut pace, 40).into_iter().zip(0..) {
                let most = (first * 2_f64.powi(doubled)).min(300.0);
                let wait = wait.as_secs_f64();
                assert!((most / 2.0..=most).contains(&wait), "{wait} of {most}");
            }
            pace.succeeded(Duration::ZERO);
            pace.failed(Duration::ZERO);
            assert!(pace.at.as_secs_f64() <= first);
        }
    }

    #[test]
    fn the_jitter_is_one_of_seconds() {
        // The official Node SDK has up to five milliseconds here, so that a fleet calls at once.
        let mut pace = Pace::of_rules();
        let mut latest = Duration::ZERO;
        for _ in 0..1_000 {
            pace.succeeded(Duration::ZERO);
            assert!((RULES..=RULES + RULES_JITTER).contains(&pace.at));
            latest = latest.max(pace.at);
        }
        assert!(latest > RULES + RULES_JITTER / 2);
    }
}
