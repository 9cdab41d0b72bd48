//! What the console shows of all this.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use xray_console::{
    RefusedCalls, Sampling, SamplingClient, SamplingRule, SamplingService, SamplingSource,
};

use super::answers::Answers;
use super::book::Entry;
use super::ledger::Holder;
use super::rule::Rule;
use super::service::{Origin, now};

/// Clients told of each rule, the latest: all of them for all rules would be a quarter of a million.
const CLIENTS: usize = 50;

impl SamplingService for Answers {
    fn sampling(&self) -> Sampling {
        let now = now();
        let mut shown = Sampling::default();
        let state = self.own.lock();
        shown.source = match &self.own.origin {
            _ if self.upstream.get().is_some() => SamplingSource::Upstream,
            Origin::BuiltIn => SamplingSource::BuiltIn,
            Origin::Program => SamplingSource::Program,
            Origin::File(path) => SamplingSource::File(path.display().to_string()),
        };
        shown.problem.clone_from(&state.problem);
        shown.changed = state.book.changed;
        shown.rules = state.book.entries().map(|(rule, entry)| show(rule, entry, now)).collect();
        shown.clients = state.book.clients();
        shown.departed = state.book.departed;
        (shown.rules_calls, shown.targets_calls) = state.calls;
        drop(state);
        shown.passed_on = self.passed.answered.load(Ordering::Relaxed);
        shown.passed_in_vain = self.passed.failed.load(Ordering::Relaxed);
        let problem = self.passed.problem.lock().unwrap_or_else(PoisonError::into_inner);
        shown.passed_problem.clone_from(&problem);
        let refused = self.gate.refused();
        shown.refused = refused
            .map(|(reason, count)| RefusedCalls { reason: reason.as_str().to_owned(), count })
            .collect();
        shown
    }

    fn activity(&self) -> u64 {
        self.activity.load(Ordering::Relaxed)
    }
}

fn show(rule: &Rule, entry: &Entry, now: f64) -> SamplingRule {
    let mut shown = SamplingRule::default();
    shown.name.clone_from(&rule.rule_name);
    shown.priority = rule.priority;
    shown.host.clone_from(&rule.host);
    shown.http_method.clone_from(&rule.http_method);
    shown.url_path.clone_from(&rule.url_path);
    shown.service_name.clone_from(&rule.service_name);
    shown.service_type.clone_from(&rule.service_type);
    shown.reservoir = rule.reservoir_size;
    shown.rate = rule.fixed_rate;
    shown.max_rate = rule.sampling_rate_boost.map(|boost| boost.max_rate);
    shown.cooldown = rule.sampling_rate_boost.map(|boost| boost.cooldown_window_minutes);
    let boost = entry.booster.boost(rule, now);
    shown.boost = boost.map(|boost| boost.rate);
    shown.boost_until = boost.map(|boost| boost.until as f64);
    (shown.requests, shown.sampled, shown.borrowed) =
        (entry.requests, entry.sampled, entry.borrowed);
    shown.quota = entry.ledger.held(now as u64);
    let mut holders: Vec<_> = entry.ledger.holders().collect();
    holders.sort_by(|a, b| b.1.reported.total_cmp(&a.1.reported));
    shown.known_clients = holders.len();
    let latest = holders.into_iter().take(CLIENTS);
    shown.clients = latest.map(|(id, holder)| client(id, holder, now)).collect();
    shown
}

fn client(id: &str, holder: &Holder, now: f64) -> SamplingClient {
    let mut shown = SamplingClient::default();
    let grant = holder.grant().filter(|grant| grant.until >= now as u64);
    id.clone_into(&mut shown.id);
    shown.quota = grant.map_or(0, |grant| u64::from(grant.quota));
    shown.until = grant.map_or(0.0, |grant| grant.until as f64);
    shown.reported = holder.reported;
    (shown.requests, shown.sampled, shown.borrowed) =
        (holder.requests, holder.sampled, holder.borrowed);
    shown
}
