use super::{
    LocalRules, RuleSource, SamplingDecision, SamplingRequest, SamplingStatus,
    central::CentralSampler, local::LocalSampler,
};

/// Who decides where no caller did: the rules of the service, and those of this process where they
/// are not there.
#[derive(Debug)]
pub(crate) struct Sampler {
    local: LocalSampler,
    central: Option<CentralSampler>,
}

impl Sampler {
    pub(crate) fn new(local: &LocalRules, central: Option<CentralSampler>) -> Self {
        Self { local: LocalSampler::new(local), central }
    }

    /// `service_type` is asked if a rule wants to know, `second` gives the current second of the wall
    /// clock, `chance` whether a rate hits.
    pub(crate) fn decide<'a>(
        &self,
        mut request: SamplingRequest<'a>,
        service_type: impl FnOnce() -> Option<&'a str>,
        second: impl Fn() -> u64,
        chance: impl Fn(f64) -> bool,
    ) -> SamplingDecision {
        let central = self.central.as_ref();
        central
            .and_then(|central| central.decide(&mut request, service_type, &second, &chance))
            .unwrap_or_else(|| {
                SamplingDecision::without_rule(self.local.decide(&request, second, chance))
            })
    }

    /// `second` is the current one of the wall clock.
    pub(crate) fn status(&self, second: u64) -> SamplingStatus {
        let Some(central) = &self.central else {
            let (source, rules) = (RuleSource::Local, self.local.status());
            return SamplingStatus { source, rules, fallback: Vec::new(), service: None };
        };
        let (rules, service) = central.status(second);
        let (source, rules, mut fallback) = match central.is_usable() {
            true => (RuleSource::Central, rules, self.local.status()),
            false => (RuleSource::Fallback, self.local.status(), Vec::new()),
        };
        fallback.retain(|rule| rule.requests > 0);
        SamplingStatus { source, rules, fallback, service: Some(service) }
    }
}
