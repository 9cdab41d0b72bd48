//! The poller and the decisions on a clock that moves when told: nothing here waits.

mod boost;
mod decisions;
mod faults;
mod reports;
mod rules;

use std::{
    collections::VecDeque,
    error::Error,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};

use super::{CentralSampler, SamplingApi, SamplingCall, poller::Now};
use crate::{SamplingRequest, sample::RuleStatus};

/// Some time in 2026.
const EPOCH: u64 = 1_800_000_000;

type Answer = Result<Value, String>;

/// A service that answers as a test says, and a process that asks it.
struct House {
    sampler: CentralSampler,
    fake: Fake,
    /// Seconds since the beginning.
    now: f64,
    /// When the poller wants to do something next.
    next: f64,
    /// What the wall clock is ahead.
    ahead: f64,
}

#[derive(Clone, Default)]
struct Fake(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    rules: Vec<Value>,
    /// Answers that come before what `rules` says.
    next_rules: VecDeque<Answer>,
    next_targets: VecDeque<Answer>,
    /// Bodies of the calls.
    asked_rules: Vec<Value>,
    asked_targets: Vec<Value>,
}

impl SamplingApi for Fake {
    fn call(
        &mut self,
        call: SamplingCall,
        body: &[u8],
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        let body = serde_json::from_slice(body)?;
        let mut state = self.0.lock().unwrap();
        let answer = match call {
            SamplingCall::Rules => {
                state.asked_rules.push(body);
                let all = json!({"SamplingRuleRecords": state.rules, "NextToken": null});
                state.next_rules.pop_front().unwrap_or(Ok(all))
            }
            SamplingCall::Targets => {
                state.asked_targets.push(body);
                state.next_targets.pop_front().unwrap_or_else(|| Ok(json!({})))
            }
        };
        // A text stands for what is no JSON.
        match answer? {
            Value::String(text) => Ok(text.into_bytes()),
            answer => Ok(serde_json::to_vec(&answer)?),
        }
    }

    fn address(&self) -> String {
        "a test".to_owned()
    }
}

impl House {
    fn new(rules: impl IntoIterator<Item = Value>) -> Self {
        Self::with(rules, false)
    }

    fn with(rules: impl IntoIterator<Item = Value>, adaptive: bool) -> Self {
        let fake = Fake::default();
        let sampler = CentralSampler::new(Box::new(fake.clone()), "shop", adaptive, None);
        // The test is the thread.
        sampler.started.store(true, std::sync::atomic::Ordering::Relaxed);
        let mut house = Self { sampler, fake, now: 0.0, next: 0.0, ahead: 0.0 };
        house.rules(rules);
        house.run(0.0);
        house
    }

    fn rules(&self, rules: impl IntoIterator<Item = Value>) {
        self.state(|state| state.rules = rules.into_iter().map(record).collect());
    }

    /// Answers the next report.
    fn answer(&self, targets: Value) {
        self.state(|state| state.next_targets.push_back(Ok(targets)));
    }

    /// Refuses the next report.
    fn refuse(&self, reason: &str) {
        self.state(|state| state.next_targets.push_back(Err(reason.to_owned())));
    }

    fn state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.fake.0.lock().unwrap())
    }

    /// The documents of the reports so far, one list a call.
    fn reports(&self) -> Vec<Vec<Value>> {
        self.state(|state| {
            let documents = |call: &Value| call["SamplingStatisticsDocuments"].as_array().cloned();
            state.asked_targets.iter().filter_map(documents).collect()
        })
    }

    fn polls(&self) -> usize {
        self.state(|state| state.asked_rules.len())
    }

    /// Lets time pass, with the poller doing what is due.
    fn run(&mut self, seconds: f64) {
        let until = self.now + seconds;
        while self.next <= until {
            self.now = self.now.max(self.next);
            let wall = Duration::from_secs_f64(EPOCH as f64 + self.now + self.ahead);
            let now = Now { wall, mono: Duration::from_secs_f64(self.now) };
            let mut poller = self.sampler.poller.lock().unwrap();
            let next = poller.as_mut().unwrap().step(now).as_secs_f64();
            assert!(next > self.now, "the poller wants to work without pause");
            self.next = next;
        }
        self.now = until;
    }

    fn second(&self) -> u64 {
        (EPOCH as f64 + self.now + self.ahead) as u64
    }

    /// What is decided now; `None` where local rules would be asked.
    fn decide(&self, request: SamplingRequest<'_>) -> Option<(String, bool)> {
        let second = self.second();
        let mut request = request;
        let hits = |rate: f64| rand::random::<f64>() < rate;
        let decision = self.sampler.decide(&mut request, || None, || second, hits)?;
        Some((decision.rule().unwrap().to_owned(), decision.is_sampled()))
    }

    /// How many of so many requests are sampled now.
    fn sampled(&self, requests: usize) -> usize {
        let sampled =
            |_: &usize| self.decide(SamplingRequest::default()).is_some_and(|(_, sampled)| sampled);
        (0..requests).filter(sampled).count()
    }

    fn status(&self, rule: &str) -> RuleStatus {
        let (rules, _) = self.sampler.status(self.second());
        rules.into_iter().find(|status| status.name == rule).unwrap()
    }
}

/// A rule as the service gives it: for everything, unless `changes` say otherwise.
#[expect(clippy::needless_pass_by_value, reason = "made for this call")]
fn rule(name: &str, changes: Value) -> Value {
    let mut rule = json!({
        "RuleName": name, "RuleARN": format!("arn:aws:xray:us-east-1:123456789012:sampling-rule/{name}"),
        "ResourceARN": "*", "Priority": 100, "FixedRate": 0, "ReservoirSize": 0,
        "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*",
        "Version": 1, "Attributes": {},
    });
    for (key, value) in changes.as_object().unwrap() {
        match value {
            Value::String(text) if text == "left out" => {
                drop(rule.as_object_mut().unwrap().remove(key));
            }
            value => rule[key] = value.clone(),
        }
    }
    rule
}

fn default_rule() -> Value {
    rule("Default", json!({"Priority": 10000}))
}

#[expect(clippy::needless_pass_by_value, reason = "made for this call")]
fn record(rule: Value) -> Value {
    json!({"SamplingRule": rule, "CreatedAt": 0, "ModifiedAt": 1_700_000_000.5})
}

#[expect(clippy::needless_pass_by_value, reason = "made for this call")]
fn target(name: &str, changes: Value) -> Value {
    let mut target = json!({"RuleName": name, "FixedRate": 0});
    target.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    target
}

fn targets(documents: impl IntoIterator<Item = Value>) -> Value {
    let documents: Vec<_> = documents.into_iter().collect();
    json!({"SamplingTargetDocuments": documents, "LastRuleModification": 1_700_000_000.0,
        "UnprocessedStatistics": []})
}
