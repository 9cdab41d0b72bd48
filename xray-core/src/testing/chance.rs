use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Numbers in place of chance, for the rates of sampling rules. A clone goes on where this one is.
///
/// ```
/// use xray_core::{Recorder, SamplingRequest, sample::LocalRules, testing::TestChance};
///
/// let half: LocalRules = r#"{"version": 2, "default": {"fixed_target": 0, "rate": 0.5}}"#.parse()?;
/// let xray = Recorder::builder("orders")
///     .sampling_rules(half)
///     .chance(&TestChance::of([0.4, 0.5]))
///     .build()?;
/// let decisions = [0; 4].map(|_| xray.sample(&SamplingRequest::default()).is_sampled());
/// assert_eq!(decisions, [true, false, true, false]);
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TestChance {
    numbers: Arc<[f64]>,
    next: Arc<AtomicUsize>,
}

impl TestChance {
    /// These numbers, from 0 up to and without 1, over and over. A rate samples where it is above the number;
    /// with no numbers it never does.
    #[must_use]
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
        Self { numbers: numbers.into_iter().collect(), next: Arc::default() }
    }

    pub(crate) fn hits(&self, rate: f64) -> bool {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        let number = next.checked_rem(self.numbers.len()).map(|index| self.numbers[index]);
        number.is_some_and(|number| number < rate)
    }
}
