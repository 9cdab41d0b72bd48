use serde::{Deserialize, Serialize};

use super::{counts::Totals, matcher::Matcher};

/// How a recorder decides now, and what it decided so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SamplingStatus {
    /// Whose rules decide.
    pub source: RuleSource,
    /// These rules, in the order in which they are tried.
    pub rules: Vec<RuleStatus>,
    /// While the service's rules decide: the rules of this process, which decide where none of those
    /// matches, and did before they were there. Empty if nothing was left to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<RuleStatus>,
    /// What is known of the service that gives rules; `None` if nobody asks one.
    pub service: Option<ServiceStatus>,
}

/// Whose rules decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RuleSource {
    /// Nothing is ever sampled: the environment switched recording off.
    Off,
    /// The rules of this process, and no others are asked for.
    Local,
    /// The rules of the X-Ray service.
    Central,
    /// The rules of this process, since the service has given none yet, or none for an hour.
    Fallback,
}

/// What is known of the service that gives sampling rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServiceStatus {
    /// Where it is asked, such as `127.0.0.1:2000`.
    pub address: String,
    /// Seconds since it last gave rules; `None` if it never did.
    pub rules_age: Option<f64>,
    /// Calls made.
    pub calls: u64,
    /// Of these, calls that failed.
    pub errors: u64,
    /// Why the last call for rules failed, or the last report; `None` if neither did.
    pub last_error: Option<String>,
}

/// One rule, and how it decided since it is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RuleStatus {
    /// Its name; for local rules their place in the document, such as `rules/0`, or `default`.
    pub name: String,
    /// Its priority; local rules have none.
    pub priority: Option<u32>,
    /// Patterns of what it is for.
    pub host: String,
    /// Pattern of the HTTP method.
    pub http_method: String,
    /// Pattern of the path.
    pub url_path: String,
    /// Pattern of the service's name; local rules have none.
    pub service_name: Option<String>,
    /// Pattern of the service's type; local rules have none.
    pub service_type: Option<String>,
    /// Share of the requests sampled beyond reservoir and quota, from 0 to 1.
    pub rate: f64,
    /// Requests a second sampled before the rate counts: of this process for a local rule, of all
    /// processes together for a rule of the service.
    pub reservoir: u32,
    /// This process's part of the reservoir, while it holds.
    pub quota: Option<u32>,
    /// Until when it holds, in seconds since the epoch.
    pub quota_until: Option<f64>,
    /// What stands in for the rate while a boost lasts.
    pub boost: Option<f64>,
    /// Until when it lasts, in seconds since the epoch.
    pub boost_until: Option<f64>,
    /// Requests that matched.
    pub requests: u64,
    /// Of these: sampled out of the reservoir, or the quota.
    pub taken: u64,
    /// Sampled out of the reservoir with no quota: one a second at most.
    pub borrowed: u64,
    /// Sampled by the rate.
    pub by_rate: u64,
    /// Not sampled.
    pub not_sampled: u64,
}

impl RuleStatus {
    /// A rule that has only patterns and counts; the rest is for the caller to fill in.
    pub(super) fn new(name: String, matcher: &Matcher, counts: Totals) -> Self {
        Self {
            name,
            priority: None,
            host: matcher.host.as_str().to_owned(),
            http_method: matcher.http_method.as_str().to_owned(),
            url_path: matcher.url_path.as_str().to_owned(),
            service_name: None,
            service_type: None,
            rate: 0.0,
            reservoir: 0,
            quota: None,
            quota_until: None,
            boost: None,
            boost_until: None,
            requests: counts.requests,
            taken: counts.taken,
            borrowed: counts.borrowed,
            by_rate: counts.by_rate,
            not_sampled: counts.not_sampled(),
        }
    }
}
