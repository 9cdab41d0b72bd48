use std::fmt;

use super::SamplingApi;
use crate::sample::{AdaptiveSampling, LocalRules};

/// Sampling by the rules of the X-Ray service, for
/// [`RecorderBuilder::centralized_sampling`](crate::RecorderBuilder::centralized_sampling).
///
/// The rules are asked for through the daemon's TCP address when the first request has to be decided,
/// and every five minutes from then on; every ten seconds the service learns how often each rule matched,
/// and grants this process its part of the rule's reservoir. Nothing of that happens on a request's
/// thread. Until rules are there, and when none have come for an hour, local rules decide.
///
/// ```
/// use xray_core::{Recorder, sample::{CentralizedSampling, LocalRules}};
///
/// let nothing: LocalRules = r#"{"version": 2, "default": {"fixed_target": 0, "rate": 0}}"#.parse()?;
/// let xray = Recorder::builder("orders")
///     .centralized_sampling(CentralizedSampling::new().fallback(nothing))
///     .build()?;
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Default)]
#[must_use]
pub struct CentralizedSampling {
    pub(crate) fallback: LocalRules,
    pub(crate) api: Option<Box<dyn SamplingApi>>,
    pub(crate) adaptive: Option<AdaptiveSampling>,
}

impl CentralizedSampling {
    /// Through the daemon, with the built-in rules to fall back on.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which local rules decide while the service's are not there.
    pub fn fallback(mut self, rules: LocalRules) -> Self {
        self.fallback = rules;
        self
    }

    /// Who is asked, in place of the daemon.
    pub fn api(mut self, api: impl SamplingApi) -> Self {
        self.api = Some(Box::new(api));
        self
    }

    /// Reports anomalies of rules that have a `SamplingRateBoost`, and samples at the higher rate that the
    /// service then grants for a while; neither if not set.
    pub fn adaptive(mut self, adaptive: AdaptiveSampling) -> Self {
        self.adaptive = Some(adaptive);
        self
    }
}

impl fmt::Debug for CentralizedSampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CentralizedSampling")
            .field("fallback", &self.fallback)
            .field("adaptive", &self.adaptive)
            .finish_non_exhaustive()
    }
}
