use std::{
    collections::HashMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    Shared,
    api::{SamplingApi, SamplingCall},
    pace::Pace,
    report::{Ledger, Report},
    rule::Definition,
    rules::{MAX_RULES, RuleSet},
    wire::{RuleRecord, RulesAnswer, RulesRequest, TargetsAnswer},
};
use crate::testing::TestClock;

/// Rules that the service has not confirmed for so long are not believed any more.
const EXPIRE: Duration = Duration::from_secs(3_600);

/// Pages of rules that are read.
const MAX_PAGES: usize = 100;

/// Rules of one report: the API takes no more.
const MAX_DOCUMENTS: usize = 25;

/// Asks for rules and reports to the service, on a thread of its own.
pub(super) struct Poller {
    api: Box<dyn SamplingApi>,
    shared: Arc<Shared>,
    address: String,
    service: String,
    client_id: String,
    pub(super) clock: Option<TestClock>,
    rules: Pace,
    targets: Pace,
    /// When the rules were last confirmed.
    confirmed: Option<Now>,
    /// When the service last said that rules were changed.
    modified: Option<f64>,
    ledgers: HashMap<String, Ledger>,
    told_empty: bool,
}

/// One moment by two clocks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Now {
    /// Since the epoch: what the service means.
    pub(super) wall: Duration,
    /// Since the poller began: what nobody sets.
    pub(super) mono: Duration,
}

impl Poller {
    pub(super) fn new(api: Box<dyn SamplingApi>, shared: Arc<Shared>, service: &str) -> Self {
        let [one, two, three]: [u32; 3] = rand::random();
        Self {
            address: api.address(),
            api,
            shared,
            service: service.to_owned(),
            // Twelve random bytes, as the API wants them.
            client_id: format!("{one:08x}{two:08x}{three:08x}"),
            clock: None,
            rules: Pace::of_rules(),
            targets: Pace::of_targets(),
            confirmed: None,
            modified: None,
            ledgers: HashMap::new(),
            told_empty: false,
        }
    }

    /// Runs until the sampler is gone.
    #[expect(clippy::needless_pass_by_value, reason = "it is the thread's own")]
    pub(super) fn run(mut self, stop: Receiver<()>) {
        let begun = Instant::now();
        loop {
            let wall = crate::record::since_epoch(self.clock.as_ref());
            let next = self.step(Now { wall, mono: begun.elapsed() });
            match stop.recv_timeout(next.saturating_sub(begun.elapsed())) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Does what is due; returns when the next thing is, by the monotonic clock.
    pub(super) fn step(&mut self, now: Now) -> Duration {
        if now.mono >= self.targets.at {
            let reported = self.report(now);
            self.settle(reported, now, |poller| &mut poller.targets);
            self.mind_intervals(now);
        }
        if now.mono >= self.rules.at {
            let polled = self.poll_rules(now);
            self.settle(polled, now, |poller| &mut poller.rules);
        }
        let expires = self.confirmed.map(|confirmed| confirmed.mono + EXPIRE);
        if expires.is_some_and(|expires| now.mono >= expires) {
            self.expire();
        }
        let expires = expires.filter(|_| self.shared.rules.load().usable);
        self.targets.at.min(self.rules.at).min(expires.unwrap_or(Duration::MAX))
    }

    /// Follows all pages, and replaces the rules.
    fn poll_rules(&mut self, now: Now) -> Result<(), String> {
        let mut definitions = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let request = RulesRequest { next_token: token.as_deref() };
            let body = written(&request)?;
            let answer: RulesAnswer = self.call(SamplingCall::Rules, &body)?;
            let records = answer.sampling_rule_records.into_iter().flatten();
            definitions.extend(records.filter_map(definition));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() || definitions.len() > MAX_RULES {
                break;
            }
        }
        let before = self.shared.rules.load_full();
        let Some(rules) = RuleSet::new(definitions, &before, self.shared.adaptive) else {
            // An account always has the default rule: this is no news to believe.
            if !std::mem::replace(&mut self.told_empty, true) {
                crate::logging::warning!(
                    "{} answers with no sampling rule that can be used; what held until now goes on",
                    self.address
                );
            }
            return Ok(());
        };
        self.told_empty = false;
        self.ledgers.retain(|name, _| rules.rule(name).is_some());
        self.shared.rules.store(Arc::new(rules));
        self.confirmed = Some(now);
        self.shared.confirmed();
        Ok(())
    }

    /// Reports what matched, and takes over what is granted.
    fn report(&mut self, now: Now) -> Result<(), String> {
        let rules = self.shared.rules.load_full();
        let due: Vec<Report> = rules
            .rules
            .iter()
            .filter_map(|rule| {
                let ledger = self.ledgers.entry(rule.state().name().to_owned()).or_default();
                ledger.report(rule, now.mono)
            })
            .collect();
        let mut outcome = Ok(());
        for chunk in due.chunks(MAX_DOCUMENTS) {
            let second = now.wall.as_secs();
            let request = Report::request(chunk, &self.client_id, &self.service, second);
            let body = written(&request)?;
            match self.call(SamplingCall::Targets, &body) {
                Ok(answer) => self.apply(chunk, answer, now),
                // What is wrong with one call need not be wrong with the next.
                Err(reason) if outcome.is_ok() => outcome = Err(reason),
                // A service that is not there is not asked for each of them.
                Err(_) => break,
            }
        }
        outcome
    }

    fn apply(&mut self, reports: &[Report], answer: TargetsAnswer, now: Now) {
        let mut rules = RuleSet::clone(&self.shared.rules.load());
        for document in answer.sampling_target_documents.into_iter().flatten() {
            match serde_json::from_value(document) {
                Ok(target) => rules.apply(&target),
                Err(error) => crate::logging::debug!("a sampling target is left out: {error}"),
            }
        }
        let unprocessed = Report::unprocessed(answer.unprocessed_statistics);
        let boost = Report::unprocessed(answer.unprocessed_boost_statistics);
        for report in reports {
            let ledger = self.ledgers.entry(report.name().to_owned()).or_default();
            // What the service could not take is reported again.
            if !unprocessed.has(report.name()) {
                ledger.counts_arrived(report);
            }
            if !boost.has(report.name()) {
                ledger.boost_arrived(report);
            }
            let interval = rules.rule(report.name()).map_or(0, |rule| rule.interval);
            ledger.due = now.mono + Duration::from_secs(interval.into());
        }
        self.shared.rules.store(Arc::new(rules));

        if self.is_news(answer.last_rule_modification) || unprocessed.refresh {
            self.refresh(now);
        }
    }

    /// Whether the rules have changed since they were asked for.
    fn is_news(&mut self, modified: Option<f64>) -> bool {
        let Some(modified) = modified else { return false };
        let before = self.modified.replace(modified);
        let stamp = self.confirmed.map_or(0.0, |confirmed| confirmed.wall.as_secs_f64());
        match before {
            // Two times by the same clock, whatever ours says.
            Some(before) => modified != before,
            None => modified >= stamp.floor(),
        }
    }

    /// Asks for the rules now, unless that fails at present, which has a pace of its own.
    fn refresh(&mut self, now: Now) {
        if !self.rules.is_failing() {
            self.rules.no_later_than(now.mono);
        }
    }

    /// Reports again as soon as the interval of a rule is over, be it no multiple of the usual one.
    fn mind_intervals(&mut self, now: Now) {
        if !self.targets.is_failing() {
            let due = self.ledgers.values().map(|ledger| ledger.due);
            if let Some(next) = due.filter(|due| *due > now.mono).min() {
                self.targets.no_later_than(next);
            }
        }
    }

    fn expire(&mut self) {
        let rules = self.shared.rules.load();
        if rules.usable {
            crate::logging::warning!(
                "{} has given no sampling rules for an hour; local rules decide until it does",
                self.address
            );
            let mut expired = RuleSet::clone(&rules);
            expired.usable = false;
            self.shared.rules.store(Arc::new(expired));
        }
    }

    fn settle(
        &mut self,
        outcome: Result<(), String>,
        now: Now,
        pace: impl FnOnce(&mut Self) -> &mut Pace,
    ) {
        let failing = self.rules.is_failing() || self.targets.is_failing();
        let address = self.address.clone();
        match outcome {
            Ok(()) => {
                pace(self).succeeded(now.mono);
                if failing && !self.rules.is_failing() && !self.targets.is_failing() {
                    crate::logging::info!("sampling calls to {address} are answered again");
                }
            }
            Err(reason) => {
                // Once for each trouble; it may be that nobody runs a daemon on purpose.
                if failing {
                    crate::logging::debug!("sampling call to {address}: {reason}");
                } else {
                    crate::logging::warning!(
                        "sampling call to {address}: {reason}; it is tried again, and what is known goes on"
                    );
                }
                pace(self).failed(now.mono);
            }
        }
    }

    /// Posts and reads the answer; a panic of an API of the user's is an error of the call.
    fn call<T: DeserializeOwned>(&mut self, call: SamplingCall, body: &[u8]) -> Result<T, String> {
        let answered = catch_unwind(AssertUnwindSafe(|| self.api.call(call, body)));
        let answer = match answered {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err("the sampling API panicked".to_owned()),
        };
        let read = answer.and_then(|answer| {
            serde_json::from_slice(&answer)
                .map_err(|error| format!("{} answers with no such document: {error}", call.path()))
        });
        self.shared.called(call, read.as_ref().err());
        read
    }
}

/// A rule that can be used.
fn definition(record: serde_json::Value) -> Option<Definition> {
    let record = serde_json::from_value(record).map_err(|error| error.to_string());
    let read = record.and_then(|record: RuleRecord| Definition::read(record.sampling_rule));
    read.inspect_err(|reason| crate::logging::debug!("a sampling rule is left out: {reason}")).ok()
}

fn written(request: &impl Serialize) -> Result<Vec<u8>, String> {
    serde_json::to_vec(request).map_err(|error| error.to_string())
}

impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller").field("address", &self.address).finish_non_exhaustive()
    }
}
