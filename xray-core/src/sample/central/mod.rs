//! Rules of the X-Ray service: asked for through the daemon, reported back to it.
//!
//! A thread of its own asks for the rules and reports how often each matched. Requests decide by an
//! immutable set of rules that the thread replaces; what they share is counters only.

mod api;
mod boost;
mod options;
mod pace;
mod poller;
mod report;
mod rule;
mod rules;
#[cfg(test)]
mod tests;
mod wire;

pub use api::{SamplingApi, SamplingCall};
pub use options::CentralizedSampling;

pub(crate) use api::Daemon;
pub(crate) use rule::{Boosted, RuleState};

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::Instant,
};

use arc_swap::ArcSwap;

use super::{RuleStatus, SamplingDecision, SamplingRequest, ServiceStatus, matcher::Asked};
use crate::{emit::lock, sync::Mutex, testing::TestClock};
use poller::Poller;
use rules::RuleSet;

/// Decides by the rules of the service, once they are there.
#[derive(Debug)]
pub(crate) struct CentralSampler {
    shared: Arc<Shared>,
    started: AtomicBool,
    /// Until the first decision.
    poller: Mutex<Option<Poller>>,
    /// The poller ends when it is dropped.
    stop: OnceLock<SyncSender<()>>,
}

/// Between those who decide and the poller.
#[derive(Debug)]
struct Shared {
    rules: ArcSwap<RuleSet>,
    /// Whether anomalies are reported and boosts obeyed.
    adaptive: bool,
    health: Mutex<Health>,
}

#[derive(Debug, Default)]
struct Health {
    address: String,
    confirmed: Option<Instant>,
    calls: u64,
    errors: u64,
    /// Why the last call of each kind failed, the rules first.
    last_errors: [Option<String>; 2],
}

impl CentralSampler {
    pub(crate) fn new(
        api: Box<dyn SamplingApi>,
        service: &str,
        adaptive: bool,
        clock: Option<TestClock>,
    ) -> Self {
        let health = Health { address: api.address(), ..Health::default() };
        let shared =
            Arc::new(Shared { rules: ArcSwap::default(), adaptive, health: Mutex::new(health) });
        let mut poller = Poller::new(api, Arc::clone(&shared), service);
        poller.clock = clock;
        Self {
            shared,
            started: AtomicBool::new(false),
            poller: Mutex::new(Some(poller)),
            stop: OnceLock::new(),
        }
    }

    /// `None` if there are no rules to decide by, or none matches. The first call begins to ask for
    /// rules, so that a process that only calls others never does.
    pub(crate) fn decide<'a>(
        &self,
        request: &mut SamplingRequest<'a>,
        service_type: impl FnOnce() -> Option<&'a str>,
        second: impl FnOnce() -> u64,
        chance: impl FnOnce(f64) -> bool,
    ) -> Option<SamplingDecision> {
        if !self.started.load(Ordering::Relaxed) {
            self.start();
        }
        let rules = self.shared.rules.load();
        if !rules.usable {
            return None;
        }
        if rules.asks_type && request.service_type.is_none() {
            request.service_type = service_type();
        }
        rules.decide(&Asked::new(request), second, chance)
    }

    #[cold]
    fn start(&self) {
        if self.started.swap(true, Ordering::Relaxed) {
            return;
        }
        let Some(poller) = lock(&self.poller).take() else { return };
        let (sender, stop) = sync_channel(0);
        let thread = thread::Builder::new().name("xray-sample".into());
        match thread.spawn(move || poller.run(stop)) {
            Ok(_) => drop(self.stop.set(sender)),
            Err(error) => crate::logging::error!(
                "no thread to ask for sampling rules, local rules decide: {error}"
            ),
        }
    }

    pub(crate) fn is_usable(&self) -> bool {
        self.shared.rules.load().usable
    }

    /// `second` is the current one of the wall clock.
    pub(crate) fn status(&self, second: u64) -> (Vec<RuleStatus>, ServiceStatus) {
        let rules = self.shared.rules.load();
        let rules = rules.rules.iter().map(|rule| rule.status(second)).collect();
        let health = lock(&self.shared.health);
        let service = ServiceStatus {
            address: health.address.clone(),
            rules_age: health.confirmed.map(|at| at.elapsed().as_secs_f64()),
            calls: health.calls,
            errors: health.errors,
            last_error: health.last_errors.iter().flatten().next().cloned(),
        };
        (rules, service)
    }
}

impl Shared {
    fn confirmed(&self) {
        lock(&self.health).confirmed = Some(Instant::now());
    }

    fn called(&self, call: SamplingCall, error: Option<&String>) {
        let mut health = lock(&self.health);
        health.calls += 1;
        health.errors += u64::from(error.is_some());
        health.last_errors[usize::from(call == SamplingCall::Targets)] = error.cloned();
    }
}
