use std::sync::Arc;

use super::central::{Boosted, RuleState};

/// Whether a request is recorded, and which rule of the X-Ray service said so. Made by
/// [`Recorder::sample`](crate::Recorder::sample).
///
/// ```
/// use xray_core::{Recorder, SamplingRequest, sample::LocalRules};
///
/// let xray = Recorder::builder("orders").sampling_rules(LocalRules::everything()).build()?;
/// let decision = xray.sample(&SamplingRequest::default());
/// assert!(decision.is_sampled());
/// assert_eq!(decision.rule(), None); // local rules have no names
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct SamplingDecision {
    sampled: bool,
    rule: Option<Arc<RuleState>>,
    boosted: Option<Boosted>,
}

impl SamplingDecision {
    pub(crate) fn without_rule(sampled: bool) -> Self {
        Self { sampled, ..Self::default() }
    }

    pub(crate) fn by(rule: &Arc<RuleState>, boosted: Option<Boosted>, sampled: bool) -> Self {
        Self { sampled, rule: Some(Arc::clone(rule)), boosted }
    }

    /// Whether it is recorded.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.sampled
    }

    /// The name of the rule of the X-Ray service that decided; `None` where nobody asked for rules,
    /// or rules of this process stood in for them.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref().map(RuleState::name)
    }

    /// The rule, if how the request ends is to be reported for it.
    pub(crate) fn boosted(&self) -> Option<(&Arc<RuleState>, Boosted)> {
        self.rule.as_ref().zip(self.boosted)
    }

    pub(crate) fn into_rule(self) -> Option<Arc<RuleState>> {
        self.rule
    }
}
