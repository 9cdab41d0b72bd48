//! A monotonic clock that is read in half the time that the system's takes.

use std::{
    fmt, fs,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Where the kernel says which clock it trusts.
const CLOCK_SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/// Nanoseconds for which the wall clock is not read again.
const LATELY: u64 = 1_000_000;

/// Microseconds past which the error of the calibration, of some parts in 100,000, would be seen.
const SHORT: u64 = 100_000;

/// The processor's counter, if it is the clock that the kernel itself goes by.
pub(super) struct Ticks {
    clock: quanta::Clock,
    /// One moment by both clocks.
    count: u64,
    at: Instant,
    /// Nanoseconds between the epoch and that moment by the wall clock, as it stood lately.
    epoch: AtomicU64,
    /// The count up to which that is good.
    good_until: AtomicU64,
    /// Counts for which it is good.
    good_for: u64,
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
            let (count, at) = (clock.raw(), Instant::now());
            // So much that a step of the wall clock is seen at once, as far as people can tell.
            let good_for = (LATELY as f64 / clock.delta_as_nanos(0, 1 << 32) as f64
                * (1_u64 << 32) as f64) as u64;
            Ticks { clock, count, at, epoch: 0.into(), good_until: 0.into(), good_for }
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
    /// Now, and what it is by the wall clock, since the epoch.
    #[inline]
    pub(super) fn now_and_wall() -> (Self, Duration) {
        match TICKS.get() {
            Some(Some(ticks)) => {
                let count = ticks.clock.raw();
                (Self::Count(count, ticks), ticks.wall(count))
            }
            _ => (Self::System(Instant::now()), system_wall()),
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

/// By the system's wall clock.
fn system_wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

impl Ticks {
    /// The time of the wall clock at this count, which is now.
    #[inline]
    fn wall(&self, count: u64) -> Duration {
        let left = self.good_until.load(Ordering::Acquire).saturating_sub(count);
        // More is left than ever was where the counter began anew, as after hibernation.
        if left > 0 && left <= self.good_for {
            let since = self.clock.delta_as_nanos(self.count, count);
            return Duration::from_nanos(self.epoch.load(Ordering::Relaxed) + since);
        }
        self.read_wall()
    }

    #[cold]
    fn read_wall(&self) -> Duration {
        let (count, wall) = (self.clock.raw(), system_wall());
        let since = self.clock.delta_as_nanos(self.count, count);
        // Whoever reads one of these before the other has two readings of the last moments: as good.
        let epoch = (wall.as_nanos() as u64).saturating_sub(since);
        self.epoch.store(epoch, Ordering::Relaxed);
        self.good_until.store(count + self.good_for, Ordering::Release);
        wall
    }

    #[inline]
    fn micros_since(&self, count: u64) -> u64 {
        let now = self.clock.raw();
        let micros = self.clock.delta_as_nanos(count, now) / 1_000;
        if micros < SHORT { micros } else { self.exactly(count, now) }
    }

    /// By the rate at which the counter went beside the system's clock since the calibration, which
    /// is the longer ago the longer something took. If the two have parted, as they do when a machine
    /// sleeps, the calibration is the better one.
    #[cold]
    fn exactly(&self, count: u64, now: u64) -> u64 {
        let roughly = self.clock.delta_as_nanos(count, now) as f64;
        let all = self.clock.delta_as_nanos(self.count, now) as f64;
        let rate = self.at.elapsed().as_nanos() as f64 / all;
        let exactly = if (0.999..1.001).contains(&rate) { roughly * rate } else { roughly };
        (exactly / 1e3) as u64
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn the_wall_clock_is_followed() {
        prepare();
        for _ in 0..1_000 {
            let before = system_wall();
            let (_, wall) = Moment::now_and_wall();
            let after = system_wall();
            // What is read of two clocks one after the other may differ by a little.
            let little = Duration::from_micros(50);
            assert!(before <= wall + little && wall <= after + little, "{before:?} {wall:?}");
        }
    }

    #[test]
    fn both_clocks_agree() {
        prepare();
        let before = Instant::now();
        let (moment, _) = Moment::now_and_wall();
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
