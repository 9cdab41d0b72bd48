//! A monotonic clock that is read in half the time that the system's takes.

use std::{
    fs,
    sync::OnceLock,
    time::{Duration, Instant},
};

/// Where the kernel says which clock it trusts.
const CLOCK_SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/// Past this, an error of the first calibration, of some parts in 100,000, would be seen.
const SHORT: Duration = Duration::from_millis(100);

/// The processor's counter, if it is the clock that the kernel itself goes by.
struct Ticks {
    clock: quanta::Clock,
    /// One moment by both clocks.
    count: u64,
    at: Instant,
}

static TICKS: OnceLock<Option<Ticks>> = OnceLock::new();

/// Calibrates the counter, which takes about a millisecond: not on a thread that serves requests.
/// Moments that are taken before are the system's.
pub(crate) fn prepare() {
    TICKS.get_or_init(|| {
        // The kernel has compared the counters of all cores and checks them against another clock.
        let trusted = fs::read_to_string(CLOCK_SOURCE)
            .is_ok_and(|name| ["tsc", "arch_sys_counter"].contains(&name.trim()));
        trusted.then(|| {
            let clock = quanta::Clock::new();
            Ticks { count: clock.raw(), at: Instant::now(), clock }
        })
    });
}

fn ticks() -> Option<&'static Ticks> {
    TICKS.get()?.as_ref()
}

/// A moment of the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    Count(u64),
    System(Instant),
}

impl Moment {
    pub(super) const ZERO: Self = Self::Count(0);

    #[inline]
    pub(super) fn now() -> Self {
        match ticks() {
            Some(ticks) => Self::Count(ticks.clock.raw()),
            None => Self::System(Instant::now()),
        }
    }

    /// The time since.
    #[inline]
    pub(super) fn elapsed(self) -> Duration {
        match (self, ticks()) {
            (Self::System(at), _) => at.elapsed(),
            (Self::Count(_), None) => Duration::ZERO,
            (Self::Count(count), Some(ticks)) => ticks.since(count),
        }
    }
}

impl Ticks {
    #[inline]
    fn since(&self, count: u64) -> Duration {
        let now = self.clock.raw();
        let elapsed = Duration::from_nanos(self.clock.delta_as_nanos(count, now));
        if elapsed < SHORT { elapsed } else { self.exactly(now.saturating_sub(count), now) }
    }

    /// By the rate at which the counter went beside the system's clock since the calibration, which
    /// is the longer ago the longer something took.
    #[cold]
    fn exactly(&self, counts: u64, now: u64) -> Duration {
        let all = now.saturating_sub(self.count).max(1);
        self.at.elapsed().mul_f64(counts as f64 / all as f64)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn both_clocks_agree() {
        prepare();
        let before = Instant::now();
        let moment = Moment::now();
        let after = Instant::now();
        // Long enough for the exact way; the pause itself is not what is tested.
        for pause in [Duration::from_millis(3), SHORT] {
            thread::sleep(pause);
            let least = after.elapsed();
            let elapsed = moment.elapsed();
            let most = before.elapsed();
            assert!(least.mul_f64(0.999) <= elapsed && elapsed.mul_f64(0.999) <= most);
        }
    }
}
