use std::time::Duration;

use super::{
    boost::BoostTotals,
    rule::CentralRule,
    wire::{BoostStatistics, Statistics, TargetsRequest, Unprocessed},
};
use crate::{document::cut, sample::counts::Totals};

/// What was reported of a rule, and when more is due.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    counts: Totals,
    boost: BoostTotals,
    /// By the monotonic clock.
    pub(super) due: Duration,
}

/// The largest count that the API takes; what is above is told with the next report.
const MAX_COUNT: u64 = i32::MAX as u64;

/// The longest name of a service that the API takes, in characters.
const MAX_SERVICE_NAME: usize = 64;

/// What a rule counted since its last report.
#[derive(Debug)]
pub(super) struct Report {
    name: String,
    counts: Totals,
    boost: BoostTotals,
}

/// What the service did not take.
#[derive(Debug, Default)]
pub(super) struct Rejected {
    /// Rules to report again.
    again: Vec<String>,
    /// It does not know a rule, so ours are old.
    pub(super) refresh: bool,
}

impl Rejected {
    pub(super) fn has(&self, name: &str) -> bool {
        self.again.iter().any(|again| again == name)
    }
}

impl Ledger {
    /// `None` if nothing matched since the last report, or the rule is not due yet.
    pub(super) fn report(&self, rule: &CentralRule, now: Duration) -> Option<Report> {
        let state = rule.state();
        let counts = state.counts.totals().since(self.counts);
        let boost = state.anomalies.totals().since(self.boost);
        let report = Report {
            name: state.name().to_owned(),
            counts: counts.bounded(MAX_COUNT),
            boost: boost.bounded(MAX_COUNT),
        };
        (now >= self.due && report.has_news()).then_some(report)
    }

    pub(super) fn counts_arrived(&mut self, report: &Report) {
        self.counts = self.counts.plus(report.counts);
    }

    pub(super) fn boost_arrived(&mut self, report: &Report) {
        self.boost = self.boost.plus(report.boost);
    }
}

impl Report {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn has_news(&self) -> bool {
        self.counts.requests > 0 || self.boost.total > 0
    }

    pub(super) fn request<'a>(
        reports: &'a [Self],
        client_id: &'a str,
        service_name: &'a str,
        timestamp: u64,
    ) -> TargetsRequest<'a> {
        let service_name = cut(service_name, MAX_SERVICE_NAME);
        let statistics = |report: &'a Self| {
            let since = report.counts;
            Statistics {
                rule_name: &report.name,
                client_id,
                timestamp,
                request_count: since.requests,
                // What is borrowed counts for itself.
                sampled_count: since.taken + since.by_rate,
                borrow_count: since.borrowed,
            }
        };
        let boosted = |report: &'a Self| {
            let since = report.boost;
            (since.total > 0).then_some(BoostStatistics {
                rule_name: &report.name,
                service_name,
                timestamp,
                total_count: since.total,
                anomaly_count: since.anomalies,
                sampled_anomaly_count: since.sampled_anomalies,
            })
        };
        TargetsRequest {
            sampling_statistics_documents: reports.iter().map(statistics).collect(),
            sampling_boost_statistics_documents: reports.iter().filter_map(boosted).collect(),
        }
    }

    /// A code of the 4xx kind is our own trouble, but for 429; others are the service's.
    pub(super) fn unprocessed(documents: Option<Vec<serde_json::Value>>) -> Rejected {
        let mut rejected = Rejected::default();
        for document in documents.into_iter().flatten() {
            let Ok(Unprocessed { rule_name, error_code, message }) =
                serde_json::from_value(document)
            else {
                continue;
            };
            let (code, message) = (error_code.unwrap_or_default(), message.unwrap_or_default());
            crate::logging::debug!(
                "sampling statistics of {rule_name:?} were not processed: {code:?} {message:?}"
            );
            if code.starts_with('4') && !code.starts_with("429") {
                rejected.refresh = true;
            } else {
                rejected.again.extend(rule_name);
            }
        }
        rejected
    }
}
