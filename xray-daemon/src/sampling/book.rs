//! What is known of rules and clients, and what they are told. The time is given from outside.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use super::boost::Booster;
use super::ledger::Ledger;
use super::report::{Report, Statistics};
use super::rule::Rule;
use super::rules::SamplingRules;

/// Clients that are known at a time; the one silent for the longest makes room.
pub(crate) const MAX_CLIENTS: usize = 1_000;

/// How often clients report.
///
/// A quota lasts a little longer than that, so that a report that comes late finds it still valid; and not
/// much longer, since what a client gives up is free for others only when it ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) interval: u32,
}

impl Pace {
    /// An hour: clients forget rules by then.
    pub(crate) const LONGEST: u32 = 3_600;
    const MARGIN: u32 = 2;

    pub(crate) const fn ttl(self) -> u32 {
        self.interval + Self::MARGIN
    }
}

impl Default for Pace {
    /// The service's own.
    fn default() -> Self {
        Self { interval: 10 }
    }
}

#[derive(Debug)]
pub(crate) struct Book {
    pace: Pace,
    rules: SamplingRules,
    /// When the rules last changed, in seconds since 1970.
    pub(crate) changed: f64,
    entries: HashMap<String, Entry>,
    /// When each client last reported.
    clients: HashMap<Arc<str>, f64>,
    /// Clients that have left to make room.
    pub(crate) departed: u64,
}

/// What is known of one rule beside its definition.
#[derive(Debug)]
pub(crate) struct Entry {
    created: f64,
    modified: f64,
    pub(crate) ledger: Ledger,
    pub(crate) booster: Booster,
    pub(crate) requests: u64,
    pub(crate) sampled: u64,
    pub(crate) borrowed: u64,
}

impl Book {
    pub(crate) fn new(rules: SamplingRules, pace: Pace, now: f64) -> Self {
        let mut book = Self {
            pace,
            rules: SamplingRules { rules: Vec::new() },
            changed: now,
            entries: HashMap::new(),
            clients: HashMap::new(),
            departed: 0,
        };
        book.replace(rules, now);
        book
    }

    /// Takes other rules. What clients hold of a rule of the same name still counts.
    pub(crate) fn replace(&mut self, rules: SamplingRules, now: f64) {
        if rules == self.rules {
            return;
        }
        for rule in rules.rules() {
            let entry =
                self.entries.entry(rule.rule_name.clone()).or_insert_with(|| Entry::new(now));
            if self.rules.find(&rule.rule_name) != Some(rule) {
                entry.modified = now;
            }
        }
        // A rule that is gone may come back while its quotas are still held.
        self.entries
            .retain(|name, entry| rules.find(name).is_some() || entry.ledger.held(now as u64) > 0);
        self.rules = rules;
        self.changed = now;
    }

    /// The answer to `GetSamplingRules`.
    pub(crate) fn rules(&self) -> RulesAnswer<'_> {
        let records = self.entries();
        let records = records.map(|(rule, entry)| Record {
            sampling_rule: rule,
            created_at: entry.created,
            modified_at: entry.modified,
        });
        RulesAnswer { sampling_rule_records: records.collect(), next_token: None }
    }

    /// Takes a report: the answer to `SamplingTargets`.
    pub(crate) fn targets(&mut self, report: &Report<'_>, now: f64) -> TargetsAnswer {
        let boosts = report.boosts.as_ref();
        let unprocessed_boosts = boosts.map(|boosts| {
            boosts.iter().filter_map(|anomalies| {
                let Some(rule) = self.rules.find(anomalies.rule) else {
                    return Some(Unprocessed::unknown(anomalies.rule));
                };
                if let Some(entry) = self.entries.get_mut(anomalies.rule) {
                    entry.booster.report(rule, anomalies, now);
                }
                None
            })
        });
        let unprocessed_boost_statistics = unprocessed_boosts.map(Iterator::collect);
        let mut targets = Vec::with_capacity(report.statistics.len());
        let mut unprocessed = Vec::new();
        for statistics in &report.statistics {
            match self.target(statistics, now) {
                Some(target) => targets.push(target),
                None => unprocessed.push(Unprocessed::unknown(statistics.rule)),
            }
        }
        TargetsAnswer {
            sampling_target_documents: targets,
            // Rounded up: clients compare it with the whole second in which they asked.
            last_rule_modification: self.changed.ceil() as u64,
            unprocessed_statistics: unprocessed,
            unprocessed_boost_statistics,
        }
    }

    /// The rules in their order, and what is known of each.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&Rule, &Entry)> {
        let rules = self.rules.rules().iter();
        rules.filter_map(|rule| Some((rule, self.entries.get(&rule.rule_name)?)))
    }

    pub(crate) fn clients(&self) -> usize {
        self.clients.len()
    }

    fn target(&mut self, statistics: &Statistics<'_>, now: f64) -> Option<Target> {
        self.rules.find(statistics.rule)?;
        let client = self.client(statistics.client, now);
        let rule = self.rules.find(statistics.rule)?;
        let entry = self.entries.get_mut(statistics.rule)?;
        entry.requests += u64::from(statistics.requests);
        entry.sampled += u64::from(statistics.sampled);
        entry.borrowed += u64::from(statistics.borrowed);
        entry.ledger.report(&client, statistics, now);
        let grant = entry.ledger.grant(&client, rule.reservoir_size, now, self.pace.ttl());
        let boost = entry.booster.boost(rule, now);
        Some(Target {
            rule_name: rule.rule_name.clone(),
            fixed_rate: rule.fixed_rate,
            reservoir_quota: grant.quota,
            reservoir_quota_ttl: grant.until,
            interval: self.pace.interval,
            sampling_boost: boost
                .map(|boost| SamplingBoost { boost_rate: boost.rate, boost_rate_ttl: boost.until }),
        })
    }

    /// Notes that the client is there, in place of the one silent for the longest if need be.
    fn client(&mut self, id: &str, now: f64) -> Arc<str> {
        if let Some((known, reported)) = self.clients.get_key_value(id) {
            let (known, reported) = (Arc::clone(known), *reported);
            self.clients.insert(Arc::clone(&known), now.max(reported));
            return known;
        }
        if self.clients.len() >= MAX_CLIENTS {
            let silence = |a: &(&Arc<str>, &f64), b: &(&Arc<str>, &f64)| {
                a.1.total_cmp(b.1).then_with(|| a.0.cmp(b.0))
            };
            if let Some(silent) = self.clients.iter().min_by(silence) {
                let silent = Arc::clone(silent.0);
                self.clients.remove(&silent);
                self.entries.values_mut().for_each(|entry| entry.ledger.forget(&silent, now));
                self.departed += 1;
            }
        }
        let id: Arc<str> = id.into();
        self.clients.insert(Arc::clone(&id), now);
        id
    }
}

impl Entry {
    fn new(now: f64) -> Self {
        Self {
            created: now,
            modified: now,
            ledger: Ledger::default(),
            booster: Booster::default(),
            requests: 0,
            sampled: 0,
            borrowed: 0,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RulesAnswer<'b> {
    sampling_rule_records: Vec<Record<'b>>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Record<'b> {
    sampling_rule: &'b Rule,
    created_at: f64,
    modified_at: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TargetsAnswer {
    sampling_target_documents: Vec<Target>,
    last_rule_modification: u64,
    unprocessed_statistics: Vec<Unprocessed>,
    /// Only for those who report anomalies: older clients refuse a field that they do not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    unprocessed_boost_statistics: Option<Vec<Unprocessed>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    rule_name: String,
    fixed_rate: f64,
    reservoir_quota: u32,
    #[serde(rename = "ReservoirQuotaTTL")]
    reservoir_quota_ttl: u64,
    interval: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    sampling_boost: Option<SamplingBoost>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SamplingBoost {
    boost_rate: f64,
    #[serde(rename = "BoostRateTTL")]
    boost_rate_ttl: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Unprocessed {
    rule_name: String,
    error_code: &'static str,
    message: &'static str,
}

impl Unprocessed {
    /// A code that begins with 4 makes SDKs ask for the rules again.
    fn unknown(rule: &str) -> Self {
        let message = "there is no rule of this name";
        Self { rule_name: rule.to_owned(), error_code: "400", message }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn book(rules: &Value, now: f64) -> Book {
        Book::new(rules.to_string().parse().unwrap(), Pace::default(), now)
    }

    fn hot() -> Value {
        json!([{ "RuleName": "hot", "ReservoirSize": 3, "FixedRate": 0 }])
    }

    fn statistics<'r>(rule: &'r str, client: &'r str, requests: u32) -> Statistics<'r> {
        Statistics { rule, client, requests, sampled: 1, borrowed: 2 }
    }

    fn ask(book: &mut Book, statistics: Vec<Statistics<'_>>, now: f64) -> Value {
        let answer = book.targets(&Report { statistics, boosts: None }, now);
        serde_json::to_value(answer).unwrap()
    }

    /// A client as the SDKs are: 100 requests a second, of which none is sampled by the rate.
    #[test]
    fn the_timeline_of_an_sdk() {
        let mut book = book(&hot(), 1_000.0);
        let mut target = None;
        let mut requests = 0;
        let mut sampled = Vec::new();
        for second in 1_000..1_060_u64 {
            // Every ten seconds, until it goes quiet.
            if [1_010, 1_020].contains(&second) {
                let answer = ask(&mut book, vec![statistics("hot", "c", requests)], second as f64);
                let document = &answer["SamplingTargetDocuments"][0];
                let number = |key: &str| document[key].as_u64().unwrap();
                target = Some((number("ReservoirQuota"), number("ReservoirQuotaTTL")));
                requests = 0;
            }
            requests += 100;
            let valid = target.filter(|(_, until)| second <= *until);
            sampled.push(valid.map_or(1, |(quota, _)| quota));
        }
        assert_eq!(sampled, [vec![1; 10], vec![3; 23], vec![1; 27]].concat());
    }

    #[test]
    fn other_rules_make_clients_ask_again() {
        let mut book = book(&hot(), 1_000.0);
        let modified = |book: &mut Book, now| {
            ask(book, vec![statistics("hot", "c", 1)], now)["LastRuleModification"].clone()
        };
        assert_eq!(modified(&mut book, 1_001.0), 1_000);
        book.replace(hot().to_string().parse().unwrap(), 1_005.5);
        assert_eq!(modified(&mut book, 1_006.0), 1_000, "nothing has changed");
        let other = json!([
            { "RuleName": "hot", "ReservoirSize": 3, "FixedRate": 0 },
            { "RuleName": "cold", "ReservoirSize": 0, "FixedRate": 0 },
        ]);
        book.replace(other.to_string().parse().unwrap(), 1_005.5);
        // Who asked for rules in the second 1005 has the old ones.
        assert_eq!(modified(&mut book, 1_006.0), 1_006);
        let records = serde_json::to_value(book.rules()).unwrap()["SamplingRuleRecords"].clone();
        let times: Vec<_> = records
            .as_array()
            .unwrap()
            .iter()
            .map(|record| {
                let name = &record["SamplingRule"]["RuleName"];
                (name.clone(), record["CreatedAt"].clone(), record["ModifiedAt"].clone())
            })
            .collect();
        assert_eq!(
            times,
            [
                (json!("hot"), json!(1_000.0), json!(1_000.0)),
                (json!("cold"), json!(1_005.5), json!(1_005.5)),
                (json!("Default"), json!(1_000.0), json!(1_000.0)),
            ]
        );
    }

    #[test]
    fn a_rule_that_comes_back_remembers_who_holds_its_reservoir() {
        let mut book = book(&hot(), 1_000.0);
        let quota = |book: &mut Book, client, now| {
            let answer = ask(book, vec![statistics("hot", client, 10)], now);
            answer["SamplingTargetDocuments"][0]["ReservoirQuota"].clone()
        };
        assert_eq!(quota(&mut book, "a", 1_000.0), 3);
        book.replace(SamplingRules::default(), 1_001.0);
        assert_eq!(quota(&mut book, "b", 1_002.0), Value::Null);
        book.replace(hot().to_string().parse().unwrap(), 1_003.0);
        assert_eq!(quota(&mut book, "b", 1_004.0), 0);
        book.replace(SamplingRules::default(), 1_030.0);
        assert!(!book.entries.contains_key("hot"), "nobody holds anything of it any more");
    }

    #[test]
    fn clients_are_bounded_and_the_silent_one_leaves() {
        let mut book = book(&hot(), 1_000.0);
        let names: Vec<_> = (0..MAX_CLIENTS + 500).map(|index| format!("{index:024}")).collect();
        for (index, name) in names.iter().enumerate() {
            let now = 1_000.0 + index as f64 / 1_000.0;
            ask(&mut book, vec![statistics("hot", name, 1), statistics("Default", name, 1)], now);
            // The first one keeps reporting.
            ask(&mut book, vec![statistics("hot", &names[0], 1)], now);
        }
        assert_eq!((book.clients(), book.departed), (MAX_CLIENTS, 500));
        let (_, hot) = book.entries().next().unwrap();
        assert_eq!(hot.ledger.holders().count(), MAX_CLIENTS);
        assert!(hot.ledger.holders().any(|(id, _)| **id == names[0]));
        assert!(hot.ledger.held(1_001) <= 3);
        assert_eq!(hot.requests, 2 * names.len() as u64, "what the departed reported still counts");
        // Unknown rules make nobody known.
        ask(&mut book, vec![statistics("gone", "a client of no rule", 1)], 1_002.0);
        assert_eq!(book.departed, 500);
    }

    #[test]
    fn anomalies_raise_the_rate_of_all_clients() {
        let rules = json!([{ "RuleName": "hot", "ReservoirSize": 3, "FixedRate": 0.1,
            "SamplingRateBoost": { "MaxRate": 0.6, "CooldownWindowMinutes": 10 } }]);
        let mut book = book(&rules, 1_000.0);
        let report = |boosts| Report { statistics: vec![statistics("hot", "a", 10)], boosts };
        let anomalies = |rule| super::super::report::Anomalies { rule, total: 10, anomalies: 5 };
        let answer =
            book.targets(&report(Some(vec![anomalies("hot"), anomalies("gone")])), 1_000.0);
        let answer = serde_json::to_value(answer).unwrap();
        let boost = json!({ "BoostRate": 0.6, "BoostRateTTL": 1_060 });
        assert_eq!(answer["SamplingTargetDocuments"][0]["SamplingBoost"], boost);
        assert_eq!(
            answer["UnprocessedBoostStatistics"],
            json!([{ "RuleName": "gone", "ErrorCode": "400", "Message": "there is no rule of this name" }])
        );
        let later = ask(&mut book, vec![statistics("hot", "b", 10)], 1_060.9);
        assert_eq!(later["SamplingTargetDocuments"][0]["SamplingBoost"], boost);
        assert!(later.get("UnprocessedBoostStatistics").is_none(), "older SDKs do not know it");
        let over = ask(&mut book, vec![statistics("hot", "b", 10)], 1_061.0);
        assert!(over["SamplingTargetDocuments"][0].get("SamplingBoost").is_none());
    }
}
