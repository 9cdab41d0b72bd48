//! Sampling: which requests are recorded.

mod local;
mod pattern;
pub(crate) mod reservoir;
mod rules;
mod status;

pub use pattern::matches;
pub use rules::{LocalRules, Rule};
pub use status::{RuleSource, RuleStatus, SamplingStatus, ServiceStatus};

pub(crate) use local::LocalSampler;

/// What is known of a request when it must be decided whether to record it.
///
/// A part that is not known matches any pattern.
///
/// ```
/// use xray_core::SamplingRequest;
///
/// let request = SamplingRequest { method: Some("GET"), path: Some("/orders"), ..Default::default() };
/// # let _ = request;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SamplingRequest<'a> {
    /// The `Host` header as sent.
    pub host: Option<&'a str>,
    /// The HTTP method.
    pub method: Option<&'a str>,
    /// The path, without query.
    pub path: Option<&'a str>,
}
