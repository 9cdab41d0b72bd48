//! Sampling: which requests are recorded.
//!
//! A caller's decision comes first, then one made in code
//! ([`SegmentBuilder::sampled`](crate::SegmentBuilder::sampled)), then the rules: those of the X-Ray service
//! ([`CentralizedSampling`]), or those of this process ([`LocalRules`]). The page `docs/sampling.md` of
//! the repository tells the whole story.

mod adaptive;
mod central;
mod counts;
mod decision;
mod local;
mod matcher;
mod pattern;
mod request;
pub(crate) mod reservoir;
mod rules;
mod sampler;
mod status;

pub use adaptive::{AdaptiveSampling, EndedRequest};
pub use central::{CentralizedSampling, SamplingApi, SamplingCall};
pub use decision::SamplingDecision;
pub use pattern::matches;
pub use request::SamplingRequest;
pub use rules::{LocalRules, Rule};
pub use status::{RuleSource, RuleStatus, SamplingStatus, ServiceStatus};

pub(crate) use adaptive::caught;
pub(crate) use central::{Boosted, CentralSampler, Daemon, RuleState};
pub(crate) use sampler::Sampler;
