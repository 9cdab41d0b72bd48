//! What the two sampling calls carry, as the API of X-Ray names it. Times are seconds since the epoch.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RulesRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_token: Option<&'a str>,
}

/// The records stay JSON here, so that one that is wrong does not spoil the others.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RulesAnswer {
    #[serde(default)]
    pub(super) sampling_rule_records: Option<Vec<Value>>,
    pub(super) next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RuleRecord {
    pub(super) sampling_rule: SamplingRule,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SamplingRule {
    pub(super) rule_name: Option<String>,
    #[serde(rename = "ResourceARN")]
    pub(super) resource_arn: Option<String>,
    pub(super) priority: Option<u32>,
    pub(super) fixed_rate: Option<f64>,
    pub(super) reservoir_size: Option<u32>,
    pub(super) service_name: Option<String>,
    pub(super) service_type: Option<String>,
    pub(super) host: Option<String>,
    #[serde(rename = "HTTPMethod")]
    pub(super) http_method: Option<String>,
    #[serde(rename = "URLPath")]
    pub(super) url_path: Option<String>,
    pub(super) version: Option<i64>,
    pub(super) attributes: Option<Map<String, Value>>,
    pub(super) sampling_rate_boost: Option<SamplingRateBoost>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SamplingRateBoost {
    pub(super) max_rate: Option<f64>,
    /// Not in the published model of the API; rules of AWS's OpenTelemetry distributions have it.
    pub(super) disable_default_anomaly_detection: Option<bool>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TargetsRequest<'a> {
    pub(super) sampling_statistics_documents: Vec<Statistics<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) sampling_boost_statistics_documents: Vec<BoostStatistics<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Statistics<'a> {
    pub(super) rule_name: &'a str,
    #[serde(rename = "ClientID")]
    pub(super) client_id: &'a str,
    pub(super) timestamp: u64,
    pub(super) request_count: u64,
    pub(super) sampled_count: u64,
    pub(super) borrow_count: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BoostStatistics<'a> {
    pub(super) rule_name: &'a str,
    pub(super) service_name: &'a str,
    pub(super) timestamp: u64,
    pub(super) total_count: u64,
    pub(super) anomaly_count: u64,
    pub(super) sampled_anomaly_count: u64,
}

/// The documents stay JSON here, as those of [`RulesAnswer`].
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TargetsAnswer {
    pub(super) sampling_target_documents: Option<Vec<Value>>,
    pub(super) unprocessed_statistics: Option<Vec<Value>>,
    pub(super) unprocessed_boost_statistics: Option<Vec<Value>>,
    pub(super) last_rule_modification: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Target {
    pub(super) rule_name: Option<String>,
    pub(super) fixed_rate: Option<f64>,
    pub(super) reservoir_quota: Option<u32>,
    #[serde(rename = "ReservoirQuotaTTL")]
    pub(super) reservoir_quota_ttl: Option<f64>,
    pub(super) interval: Option<u32>,
    pub(super) sampling_boost: Option<SamplingBoost>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SamplingBoost {
    pub(super) boost_rate: Option<f64>,
    #[serde(rename = "BoostRateTTL")]
    pub(super) boost_rate_ttl: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Unprocessed {
    pub(super) rule_name: Option<String>,
    pub(super) error_code: Option<String>,
    pub(super) message: Option<String>,
}
