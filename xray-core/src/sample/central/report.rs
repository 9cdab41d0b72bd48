use std::time::Duration;

use super::{
    boost::BoostTotals,
    rule::CentralRule,
    wire::{BoostStatistics, Statistics, TargetsRequest, Unprocessed},
};
use crate::sample::counts::Totals;

/// What was reported of a rule, and when more is due.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    counts: Totals,
    boost: BoostTotals,
    /// By the monotonic clock.
    pub(super) due: Duration,
}

/// What a rule counted since its last report.
#[derive(Debug)]
pub(super) struct Report {
    name: String,
    counts: (Totals, Totals),
    boost: (BoostTotals, BoostTotals),
}

/// What the service did not take.
#[derive(Debug, Default)]
pub(super) struct Rejected {
    /// Rules to report again.
    pub(super) again: Vec<String>,
    /// It does not know a rule, so ours are old.
    pub(super) refresh: bool,
}

impl Ledger {
    /// `None` if nothing matched since the last report, or the rule is not due yet.
    pub(super) fn report(&self, rule: &CentralRule, now: Duration) -> Option<Report> {
        let state = rule.state();
        let (counts, boost) = (state.counts.totals(), state.anomalies.totals());
        let report = Report {
            name: state.name().to_owned(),
            counts: (counts, counts.since(self.counts)),
            boost: (boost, boost.since(self.boost)),
        };
        (now >= self.due && report.has_news()).then_some(report)
    }

    pub(super) fn reported(&mut self, report: &Report) {
        (self.counts, self.boost) = (report.counts.0, report.boost.0);
    }
}

impl Report {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn has_news(&self) -> bool {
        self.counts.1.requests > 0 || self.boost.1.total > 0
    }

    pub(super) fn request<'a>(
        reports: &'a [Self],
        client_id: &'a str,
        service_name: &'a str,
        timestamp: u64,
    ) -> TargetsRequest<'a> {
        let statistics = |report: &'a Self| {
            let since = report.counts.1;
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
            let since = report.boost.1;
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

    /// A code of the 5xx kind is the service's own trouble; of the 4xx kind, ours.
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
            if code.starts_with('4') {
                rejected.refresh = true;
            } else {
                rejected.again.extend(rule_name);
            }
        }
        rejected
    }
}
