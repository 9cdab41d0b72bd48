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
