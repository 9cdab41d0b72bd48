use super::sources::Sources;
use crate::{
    emit::DaemonAddress,
    sample::{AdaptiveSampling, CentralSampler, CentralizedSampling, Daemon, LocalRules, Sampler},
};

/// What code says of sampling; see `docs/decisions/002` for what holds if it says nothing.
pub(super) enum Sampling {
    Usual,
    Local(LocalRules),
    Central(CentralizedSampling),
}

impl Sampling {
    /// Who decides. `daemon` is who may be asked for rules, if anybody may.
    pub(super) fn settle(
        self,
        service: &str,
        own_emitter: bool,
        daemon: Option<&DaemonAddress>,
        sources: &Sources,
    ) -> (Sampler, Option<AdaptiveSampling>) {
        let central = match self {
            Self::Local(rules) => return (Sampler::new(&rules, None), None),
            Self::Usual if own_emitter => {
                return (Sampler::new(&LocalRules::default(), None), None);
            }
            Self::Usual => CentralizedSampling::new(),
            Self::Central(central) => central,
        };
        let CentralizedSampling { fallback, api, adaptive } = central;
        let Some(daemon) = daemon else { return (Sampler::new(&fallback, None), None) };
        let api = api.unwrap_or_else(|| Box::new(Daemon::new(daemon)));
        let clock = sources.clock().cloned();
        let central = CentralSampler::new(api, service, adaptive.is_some(), clock);
        (Sampler::new(&fallback, Some(central)), adaptive.map(AdaptiveSampling::anew))
    }
}
