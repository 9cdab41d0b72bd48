use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A clock that stands still until it is moved. A clone is the same clock.
///
/// It gives the times of documents and the seconds of sampling reservoirs. What waits, such as the
/// grace period of a segment and a flush, goes by the real clock.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use xray_core::testing::TestClock;
///
/// let clock = TestClock::at(UNIX_EPOCH);
/// clock.advance(Duration::from_secs(5));
/// assert_eq!(clock.now(), UNIX_EPOCH + Duration::from_secs(5));
/// ```
#[derive(Clone, Debug)]
pub struct TestClock {
    /// Since the epoch.
    micros: Arc<AtomicU64>,
}

impl TestClock {
    /// A clock that shows this time, to the microsecond; one before 1970 counts as 1970.
    #[must_use]
    pub fn at(time: SystemTime) -> Self {
        Self { micros: Arc::new(AtomicU64::new(micros(time))) }
    }

    /// Moves it to a time, backwards as well.
    pub fn set(&self, time: SystemTime) {
        self.micros.store(micros(time), Ordering::Relaxed);
    }

    /// Moves it on.
    pub fn advance(&self, time: Duration) {
        self.micros.fetch_add(time.as_micros() as u64, Ordering::Relaxed);
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        UNIX_EPOCH + self.since_epoch()
    }

    pub(crate) fn since_epoch(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::Relaxed))
    }
}

fn micros(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as u64
}
