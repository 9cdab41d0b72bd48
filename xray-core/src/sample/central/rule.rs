use std::sync::Arc;

use super::{
    boost::BoostCounts,
    wire::{SamplingRule, Target},
};
use crate::sample::{
    RuleStatus, SamplingDecision,
    counts::{Counts, How},
    matcher::Matcher,
    pattern::Pattern,
    reservoir::Reservoir,
};

/// The rule that matches what no other does; X-Ray always has it.
const DEFAULT: &str = "Default";

/// Most bytes of a name or a pattern. X-Ray's own limits are below: 32 for names, 128 for patterns.
const MAX_TEXT: usize = 1_024;

/// One rule of the service as it is in force. A copy is made whenever something of it changes; what
/// counts up is shared by all copies.
#[derive(Clone, Debug)]
pub(crate) struct CentralRule {
    definition: Arc<Definition>,
    state: Arc<RuleState>,
    rate: f64,
    quota: Option<Quota>,
    boost: Option<Boost>,
    /// `Some` where anomalies are reported.
    boosted: Option<Boosted>,
    /// Seconds between two reports.
    pub(super) interval: u32,
}

/// What the service says of the rule.
#[derive(Debug)]
pub(crate) struct Definition {
    name: String,
    priority: u32,
    rate: f64,
    reservoir: u32,
    boosted: Option<Boosted>,
    matcher: Matcher,
}

/// A rule whose rate the service may raise for a while.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Boosted {
    /// Whether a fault counts as an anomaly although nobody asked for it.
    pub(crate) faults_count: bool,
}

/// What a rule counts up, as long as it exists.
#[derive(Debug)]
pub(crate) struct RuleState {
    name: String,
    pub(super) counts: Counts,
    taken: Reservoir,
    borrowed: Reservoir,
    pub(crate) anomalies: BoostCounts,
}

/// This process's part of the reservoir, up to the second `until`.
#[derive(Clone, Copy, Debug)]
struct Quota {
    amount: u32,
    until: u64,
}

/// What stands in for the rate, up to the second `until`.
#[derive(Clone, Copy, Debug)]
struct Boost {
    rate: f64,
    until: u64,
}

impl RuleState {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Definition {
    /// A rule that can be used; else why it cannot.
    pub(super) fn read(rule: SamplingRule) -> Result<Self, String> {
        let name = rule.rule_name.filter(|name| (1..=MAX_TEXT).contains(&name.len()));
        let name = name.ok_or("it has no RuleName, or a long one")?;
        let wants = |what: &str| format!("{name:?} has no {what}");
        if rule.version != Some(1) {
            return Err(format!("{name:?} is of a Version other than 1"));
        }
        if rule.resource_arn.as_deref() != Some("*") {
            return Err(format!("{name:?} is for a ResourceARN other than *"));
        }
        if rule.attributes.is_some_and(|attributes| !attributes.is_empty()) {
            return Err(format!("{name:?} asks for Attributes, which are not known beforehand"));
        }
        let rate = rule.fixed_rate.filter(|rate| (0.0..=1.0).contains(rate));
        let rate = rate.ok_or_else(|| wants("FixedRate from 0 to 1"))?;
        let reservoir = rule.reservoir_size.ok_or_else(|| wants("ReservoirSize"))?;
        let priority = rule.priority.ok_or_else(|| wants("Priority"))?;
        let pattern = |pattern: Option<String>, what| {
            let pattern = pattern.filter(|pattern| pattern.len() <= MAX_TEXT);
            pattern.map(|pattern| Pattern::new(&pattern)).ok_or_else(|| wants(what))
        };
        let mut matcher = Matcher {
            host: pattern(rule.host, "Host")?,
            http_method: pattern(rule.http_method, "HTTPMethod")?,
            url_path: pattern(rule.url_path, "URLPath")?,
            service_name: pattern(rule.service_name, "ServiceName")?,
            service_type: pattern(rule.service_type, "ServiceType")?,
        };
        if name == DEFAULT {
            matcher = Matcher::everything();
        }
        let boosted = rule.sampling_rate_boost.filter(|boost| boost.max_rate.is_some());
        let boosted = boosted.map(|boost| Boosted {
            faults_count: boost.disable_default_anomaly_detection != Some(true),
        });
        Ok(Self { name, priority, rate, reservoir, boosted, matcher })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// First by priority, then by name; the default rule comes last whatever it says.
    pub(super) fn rank(&self) -> (bool, u32, &str) {
        (self.name == DEFAULT, self.priority, &self.name)
    }
}

impl CentralRule {
    /// Seconds between two reports unless the service says otherwise.
    const INTERVAL: u32 = 10;

    /// The rule by its new definition. From `before`, the same rule until now, it keeps what was
    /// counted and what was granted. `adaptive` says whether anomalies are reported.
    pub(super) fn new(definition: Definition, before: Option<&Self>, adaptive: bool) -> Self {
        let anew = || {
            Arc::new(RuleState {
                name: definition.name.clone(),
                counts: Counts::default(),
                taken: Reservoir::default(),
                borrowed: Reservoir::default(),
                anomalies: BoostCounts::default(),
            })
        };
        let boosted = definition.boosted.filter(|_| adaptive);
        Self {
            state: before.map_or_else(anew, |before| Arc::clone(&before.state)),
            boosted,
            rate: definition.rate,
            quota: before.and_then(|before| before.quota),
            boost: before.filter(|_| boosted.is_some()).and_then(|before| before.boost),
            interval: before.map_or(Self::INTERVAL, |before| before.interval),
            definition: Arc::new(definition),
        }
    }

    pub(super) fn matcher(&self) -> &Matcher {
        &self.definition.matcher
    }

    pub(super) fn state(&self) -> &RuleState {
        &self.state
    }

    /// Decides, and counts. `second` gives the current second of the wall clock; it is asked once at the
    /// most, and not at all by a rule that has a rate and nothing else.
    pub(super) fn decide(
        &self,
        second: impl FnOnce() -> u64,
        chance: impl FnOnce(f64) -> bool,
    ) -> SamplingDecision {
        let timed = self.definition.reservoir > 0 || self.quota.is_some() || self.boost.is_some();
        let second = if timed { second() } else { 0 };
        let how = match self.quota.filter(|quota| second <= quota.until) {
            Some(quota) if self.state.taken.take(second, quota.amount) => How::Taken,
            None if self.definition.reservoir > 0 && self.state.borrowed.take(second, 1) => {
                How::Borrowed
            }
            _ if chance(self.rate_in(second)) => How::ByRate,
            _ => How::Not,
        };
        self.state.counts.add(how);
        SamplingDecision::by(&self.state, self.boosted, how != How::Not)
    }

    fn rate_in(&self, second: u64) -> f64 {
        self.boost.filter(|boost| second <= boost.until).map_or(self.rate, |boost| boost.rate)
    }

    /// Takes over what the service grants. What it leaves out stays as it was; 0 is a real value.
    pub(super) fn apply(&mut self, target: &Target, rate: f64) {
        self.rate = rate;
        if let Some(interval) = target.interval {
            self.interval = interval.max(1);
        }
        let second = |ttl: f64| (ttl.is_finite() && ttl >= 0.0).then_some(ttl as u64);
        let until = target.reservoir_quota_ttl.and_then(second);
        match (target.reservoir_quota, until, &mut self.quota) {
            (Some(amount), Some(until), quota) => *quota = Some(Quota { amount, until }),
            (Some(amount), None, Some(quota)) => quota.amount = amount,
            (None, Some(until), Some(quota)) => quota.until = until,
            // A quota of which it is not known until when it holds, or how much it is.
            _ => {}
        }
        if self.boosted.is_some()
            && let Some(boost) = target.sampling_boost
            && let Some(rate) = boost.boost_rate.filter(|rate| (0.0..=1.0).contains(rate))
            && let Some(until) = boost.boost_rate_ttl.and_then(second)
        {
            self.boost = Some(Boost { rate, until });
        }
    }

    /// `second` is the current one.
    pub(super) fn status(&self, second: u64) -> RuleStatus {
        let Definition { name, priority, reservoir, matcher, .. } = &*self.definition;
        let quota = self.quota.filter(|quota| second <= quota.until);
        let boost = self.boost.filter(|boost| second <= boost.until);
        RuleStatus {
            priority: Some(*priority),
            service_name: Some(matcher.service_name.as_str().to_owned()),
            service_type: Some(matcher.service_type.as_str().to_owned()),
            rate: self.rate,
            reservoir: *reservoir,
            quota: quota.map(|quota| quota.amount),
            quota_until: quota.map(|quota| quota.until as f64),
            boost: boost.map(|boost| boost.rate),
            boost_until: boost.map(|boost| boost.until as f64),
            ..RuleStatus::new(name.clone(), matcher, self.state.counts.totals())
        }
    }
}
