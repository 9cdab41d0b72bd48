//! A monotonic clock that is read in half the time that the system's takes.

use std::{fmt, fs, sync::OnceLock, time::Instant};

/// Where the kernel says which clock it trusts.
const CLOCK_SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/// Microseconds past which the error of the calibration, of some parts in 100,000, would be seen.
const SHORT: u64 = 100_000;

/// The processor's counter, if it is the clock that the kernel itself goes by.
pub(super) struct Ticks {
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

/// A moment of the monotonic clock.
#[derive(Clone, Copy)]
pub(super) enum Moment {
    Never,
    Count(u64, &'static Ticks),
    System(Instant),
}

impl Moment {
    #[inline]
    pub(super) fn now() -> Self {
        match TICKS.get() {
            Some(Some(ticks)) => Self::Count(ticks.clock.raw(), ticks),
            _ => Self::System(Instant::now()),
        }
    }

    /// Microseconds since.
    #[inline]
    pub(super) fn micros(self) -> u64 {
        match self {
            Self::Count(count, ticks) => ticks.micros_since(count),
            Self::System(at) => at.elapsed().as_micros() as u64,
            Self::Never => 0,
        }
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} us ago", self.micros())
    }
}

impl Ticks {
    #[inline]
    fn micros_since(&self, count: u64) -> u64 {
        let now = self.clock.raw();
        let micros = self.clock.delta_as_nanos(count, now) / 1_000;
        if micros < SHORT { micros } else { self.exactly(now.saturating_sub(count), now) }
    }

    /// By the rate at which the counter went beside the system's clock since the calibration, which
    /// is the longer ago the longer something took.
    #[cold]
    fn exactly(&self, counts: u64, now: u64) -> u64 {
        let all = now.saturating_sub(self.count).max(1);
        (self.at.elapsed().as_micros() as f64 * (counts as f64 / all as f64)) as u64
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use super::*;

    #[test]
    fn both_clocks_agree() {
        prepare();
        let before = Instant::now();
        let moment = Moment::now();
        let after = Instant::now();
        // Long enough for the exact way; the pause itself is not what is tested.
        for pause in [3_000, SHORT] {
            thread::sleep(Duration::from_micros(pause));
            let least = after.elapsed();
            let elapsed = Duration::from_micros(moment.micros() + 1);
            let most = before.elapsed();
            assert!(least.mul_f64(0.999) <= elapsed && elapsed.mul_f64(0.999) <= most);
        }
    }
}
