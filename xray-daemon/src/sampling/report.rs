//! What clients report with `POST /SamplingTargets`, checked against the limits of the X-Ray API.

use serde_json::Value;

use super::fields::{Fields, Wrong};
use super::rule::MOST;

/// The service's limit for either list.
const MAX_DOCUMENTS: usize = 25;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Report<'v> {
    pub(crate) statistics: Vec<Statistics<'v>>,
    /// `None` if the client does not know of boosts.
    pub(crate) boosts: Option<Vec<Anomalies<'v>>>,
}

/// How one client decided by one rule since its last report.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Statistics<'v> {
    pub(crate) rule: &'v str,
    pub(crate) client: &'v str,
    pub(crate) requests: u32,
    pub(crate) sampled: u32,
    pub(crate) borrowed: u32,
}

/// The anomalies that one service saw under one rule since its last report.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Anomalies<'v> {
    pub(crate) rule: &'v str,
    pub(crate) total: u32,
    pub(crate) anomalies: u32,
}

impl<'v> Report<'v> {
    pub(crate) fn read(body: &'v Value) -> Result<Self, Wrong> {
        const STATISTICS: &str = "SamplingStatisticsDocuments";
        const BOOSTS: &str = "SamplingBoostStatisticsDocuments";
        let fields = Fields::of(body, "")?;
        let list = fields.need(STATISTICS, fields.list(STATISTICS, MAX_DOCUMENTS)?)?;
        let boosts = fields.list(BOOSTS, MAX_DOCUMENTS)?;
        let boosts = boosts.map(|list| each(list, BOOSTS, Anomalies::read)).transpose()?;
        Ok(Self { statistics: each(list, STATISTICS, Statistics::read)?, boosts })
    }
}

fn each<'v, T>(
    list: &'v [Value],
    key: &str,
    read: impl Fn(&Fields<'v>) -> Result<T, Wrong>,
) -> Result<Vec<T>, Wrong> {
    let documents = list.iter().enumerate();
    documents.map(|(index, value)| read(&Fields::of(value, format!("/{key}/{index}"))?)).collect()
}

impl<'v> Statistics<'v> {
    fn read(fields: &Fields<'v>) -> Result<Self, Wrong> {
        timestamp(fields)?;
        Ok(Self {
            rule: rule(fields)?,
            client: fields.need("ClientID", fields.text("ClientID", 24..=24)?)?,
            requests: count(fields, "RequestCount")?,
            sampled: count(fields, "SampledCount")?,
            borrowed: fields.whole("BorrowCount", 0..=MOST)?.unwrap_or(0),
        })
    }
}

impl<'v> Anomalies<'v> {
    fn read(fields: &Fields<'v>) -> Result<Self, Wrong> {
        timestamp(fields)?;
        fields.need("ServiceName", fields.text("ServiceName", 0..=64)?)?;
        count(fields, "SampledAnomalyCount")?;
        Ok(Self {
            rule: rule(fields)?,
            total: count(fields, "TotalCount")?,
            anomalies: count(fields, "AnomalyCount")?,
        })
    }
}

fn rule<'v>(fields: &Fields<'v>) -> Result<&'v str, Wrong> {
    fields.need("RuleName", fields.text("RuleName", 1..=32)?)
}

fn count(fields: &Fields<'_>, key: &str) -> Result<u32, Wrong> {
    fields.need(key, fields.whole(key, 0..=MOST)?)
}

/// Seconds since 1970; the SDK for Java sends milliseconds, and the service does not mind.
fn timestamp(fields: &Fields<'_>) -> Result<(), Wrong> {
    const KEY: &str = "Timestamp";
    let value = fields.need(KEY, fields.get(KEY))?;
    match value.as_f64().filter(|time| *time >= 0.0) {
        Some(_) => Ok(()),
        None => Err(fields.wrong(KEY, "must be a number of seconds since 1970")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CLIENT: &str = "0123456789abcdef01234567";

    fn document() -> Value {
        json!({ "RuleName": "hot", "ClientID": CLIENT, "Timestamp": 1.5e9, "RequestCount": 845, "SampledCount": 33 })
    }

    fn anomalies() -> Value {
        json!({ "RuleName": "hot", "ServiceName": "web", "Timestamp": 1, "TotalCount": 9, "AnomalyCount": 2, "SampledAnomalyCount": 1 })
    }

    fn with(mut document: Value, field: &str, value: Value) -> Value {
        document[field] = value;
        document
    }

    #[test]
    fn reports_of_the_sdks_are_read() {
        // Java sends milliseconds, and whatever a later SDK adds is its own affair.
        let java =
            with(with(document(), "Timestamp", json!(1_600_000_000_123_u64)), "Later", json!(1));
        let node = with(document(), "BorrowCount", json!(9));
        let body = json!({ "SamplingStatisticsDocuments": [java, node], "SamplingBoostStatisticsDocuments": [anomalies()] });
        let statistics = |borrowed| Statistics {
            rule: "hot",
            client: CLIENT,
            requests: 845,
            sampled: 33,
            borrowed,
        };
        assert_eq!(
            Report::read(&body),
            Ok(Report {
                statistics: vec![statistics(0), statistics(9)],
                boosts: Some(vec![Anomalies { rule: "hot", total: 9, anomalies: 2 }]),
            })
        );
        let body =
            json!({ "SamplingStatisticsDocuments": [], "SamplingBoostStatisticsDocuments": null });
        assert_eq!(Report::read(&body), Ok(Report { statistics: vec![], boosts: None }));
    }

    #[test]
    fn every_limit_is_checked() {
        let one = |field: &str, value: Value| json!({ "SamplingStatisticsDocuments": [with(document(), field, value)] });
        let boost = |field: &str, value: Value| {
            json!({
                "SamplingStatisticsDocuments": [],
                "SamplingBoostStatisticsDocuments": [anomalies(), with(anomalies(), field, value)],
            })
        };
        let at = "/SamplingStatisticsDocuments";
        for (body, expected) in [
            (json!([]), "the document must be an object".to_owned()),
            (json!({}), format!("{at} is missing")),
            (json!({ "SamplingStatisticsDocuments": {} }), format!("{at} must be an array")),
            (json!({ "SamplingStatisticsDocuments": [[]] }), format!("{at}/0 must be an object")),
            (json!({ "SamplingStatisticsDocuments": vec![document(); 26] }), format!("{at} holds 26 elements, 25 at most are allowed")),
            (one("RuleName", json!("")), format!("{at}/0/RuleName must be a text of 1 to 32 characters")),
            (one("RuleName", json!(null)), format!("{at}/0/RuleName is missing")),
            (one("ClientID", json!(&CLIENT[1..])), format!("{at}/0/ClientID must be a text of exactly 24 characters")),
            (one("ClientID", json!(format!("{CLIENT}0"))), format!("{at}/0/ClientID must be a text of exactly 24 characters")),
            (one("ClientID", json!(7)), format!("{at}/0/ClientID must be a text of exactly 24 characters")),
            (one("Timestamp", json!("2020-01-01T00:00:00Z")), format!("{at}/0/Timestamp must be a number of seconds since 1970")),
            (one("Timestamp", json!(-1)), format!("{at}/0/Timestamp must be a number of seconds since 1970")),
            (one("Timestamp", json!(null)), format!("{at}/0/Timestamp is missing")),
            (one("RequestCount", json!(-1)), format!("{at}/0/RequestCount must be a whole number from 0 to 2147483647")),
            (one("RequestCount", json!(1.5)), format!("{at}/0/RequestCount must be a whole number from 0 to 2147483647")),
            (one("RequestCount", json!(u32::MAX)), format!("{at}/0/RequestCount must be a whole number from 0 to 2147483647")),
            (one("SampledCount", json!("1")), format!("{at}/0/SampledCount must be a whole number from 0 to 2147483647")),
            (one("SampledCount", json!(null)), format!("{at}/0/SampledCount is missing")),
            (one("BorrowCount", json!(-1)), format!("{at}/0/BorrowCount must be a whole number from 0 to 2147483647")),
            (boost("ServiceName", json!("x".repeat(65))), "/SamplingBoostStatisticsDocuments/1/ServiceName must be a text of at most 64 characters".to_owned()),
            (boost("AnomalyCount", json!(-1)), "/SamplingBoostStatisticsDocuments/1/AnomalyCount must be a whole number from 0 to 2147483647".to_owned()),
            (boost("SampledAnomalyCount", json!(null)), "/SamplingBoostStatisticsDocuments/1/SampledAnomalyCount is missing".to_owned()),
            (json!({ "SamplingStatisticsDocuments": [], "SamplingBoostStatisticsDocuments": vec![anomalies(); 26] }), "/SamplingBoostStatisticsDocuments holds 26 elements, 25 at most are allowed".to_owned()),
        ] {
            assert_eq!(Report::read(&body).unwrap_err().to_string(), expected);
        }
    }
}
