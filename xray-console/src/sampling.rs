//! What the sampling page shows, in the form in which whoever answers sampling calls tells it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use xray_core::sample::SamplingStatus;

/// Somebody who answers the sampling calls of SDKs, such as `xrayd`.
pub trait SamplingService: Send + Sync {
    /// Rules, quotas and counts of this moment.
    fn sampling(&self) -> Sampling;

    /// Grows whenever [`sampling`](Self::sampling) has something new to tell. It is asked ten times a second.
    fn activity(&self) -> u64;
}

/// How sampling calls are answered at this moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Sampling {
    /// Who answers.
    pub source: SamplingSource,
    /// Why the rules are not those that were asked for.
    pub problem: Option<String>,
    /// When the rules last changed, in seconds since 1970.
    pub changed: f64,
    /// The rules in the order in which they are tried.
    pub rules: Vec<SamplingRule>,
    /// Clients that are known.
    pub clients: usize,
    /// Clients that were forgotten to make room.
    pub departed: u64,
    /// Calls for rules that were answered.
    pub rules_calls: u64,
    /// Calls for targets that were answered.
    pub targets_calls: u64,
    /// Calls that were passed on and answered elsewhere.
    pub passed_on: u64,
    /// Calls that were passed on in vain.
    pub passed_in_vain: u64,
    /// Why the last call that was passed on got no answer; `None` if it got one.
    pub passed_problem: Option<String>,
    /// Calls that were refused, and why.
    pub refused: Vec<RefusedCalls>,
}

/// Who answers sampling calls, and out of what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SamplingSource {
    /// The receiver, out of the one rule that is built into it.
    #[default]
    BuiltIn,
    /// The receiver, out of rules of the program that it is part of.
    Program,
    /// The receiver, out of this file.
    File(String),
    /// The X-Ray service: calls are passed on.
    Upstream,
}

/// One rule, and what its clients reported.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SamplingRule {
    /// Its name.
    pub name: String,
    /// From 1; the lower, the earlier it is tried.
    pub priority: u32,
    /// Pattern of the host.
    pub host: String,
    /// Pattern of the HTTP method.
    pub http_method: String,
    /// Pattern of the path.
    pub url_path: String,
    /// Pattern of the service's name.
    pub service_name: String,
    /// Pattern of the service's type.
    pub service_type: String,
    /// Requests a second, of all clients together, before the rate counts.
    pub reservoir: u32,
    /// Share of the further requests, from 0 to 1.
    pub rate: f64,
    /// How far anomalies may raise the rate; `None` if they may not.
    pub max_rate: Option<f64>,
    /// Minutes after a boost in which there is no other.
    pub cooldown: Option<u32>,
    /// What stands in for the rate while a boost lasts.
    pub boost: Option<f64>,
    /// Until when it lasts, in seconds since 1970.
    pub boost_until: Option<f64>,
    /// Requests that matched.
    pub requests: u64,
    /// Of these: sampled out of a quota or by the rate.
    pub sampled: u64,
    /// Sampled without a quota, one a second at most.
    pub borrowed: u64,
    /// What the valid quotas add up to.
    pub quota: u64,
    /// Who reported about it last; the latest come first, and not all need be told.
    pub clients: Vec<SamplingClient>,
    /// How many reported about it and are still known.
    pub known_clients: usize,
}

/// One client of a rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SamplingClient {
    /// The id that it made for itself.
    pub id: String,
    /// Its part of the reservoir, in requests a second.
    pub quota: u64,
    /// Until when it holds, in seconds since 1970.
    pub until: f64,
    /// When it last reported.
    pub reported: f64,
    /// Requests that matched.
    pub requests: u64,
    /// Of these: sampled out of a quota or by the rate.
    pub sampled: u64,
    /// Sampled without a quota.
    pub borrowed: u64,
}

/// How often calls were refused for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedCalls {
    /// In words.
    pub reason: String,
    /// How often.
    pub count: u64,
}

/// One recorder of this process, and how it decides now.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Recorder {
    pub(crate) name: String,
    pub(crate) status: SamplingStatus,
}

type Ask = Arc<dyn Fn() -> SamplingStatus + Send + Sync>;

/// Whoever tells something of sampling. All are asked outside the locks: they may take their time.
#[derive(Default)]
pub(crate) struct Voices {
    service: Mutex<Option<Arc<dyn SamplingService>>>,
    recorders: Mutex<Vec<(String, Ask)>>,
}

impl Voices {
    pub(crate) fn set_service(&self, service: Arc<dyn SamplingService>) {
        *lock(&self.service) = Some(service);
    }

    /// A recorder of the same name takes the place of an earlier one.
    pub(crate) fn add_recorder(&self, name: String, ask: Ask) {
        let mut recorders = lock(&self.recorders);
        match recorders.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = ask,
            None => recorders.push((name, ask)),
        }
    }

    pub(crate) fn sampling(&self) -> Option<Sampling> {
        Some(self.service()?.sampling())
    }

    pub(crate) fn recorders(&self) -> Vec<Recorder> {
        let recorders = lock(&self.recorders).clone();
        recorders.into_iter().map(|(name, ask)| Recorder { name, status: ask() }).collect()
    }

    pub(crate) fn activity(&self) -> u64 {
        self.service().map_or(0, |service| service.activity())
    }

    fn service(&self) -> Option<Arc<dyn SamplingService>> {
        lock(&self.service).clone()
    }
}

impl fmt::Debug for Voices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Voices").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
