use serde::Serialize;
use serde_json::{Map, Value};

use super::fields::{Fields, Wrong};

/// The rule that every set of rules ends with.
pub(crate) const DEFAULT: &str = "Default";
/// What the service reports as the priority of `Default`; that of other rules ends before.
const LAST: u32 = 10_000;
/// The service's integers have 32 bits, signed.
pub(crate) const MOST: u32 = i32::MAX as u32;

/// One rule, as `GetSamplingRules` tells it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Rule {
    pub(crate) rule_name: String,
    #[serde(rename = "RuleARN")]
    pub(crate) rule_arn: String,
    #[serde(rename = "ResourceARN")]
    pub(crate) resource_arn: String,
    pub(crate) priority: u32,
    pub(crate) fixed_rate: f64,
    pub(crate) reservoir_size: u32,
    pub(crate) service_name: String,
    pub(crate) service_type: String,
    pub(crate) host: String,
    #[serde(rename = "HTTPMethod")]
    pub(crate) http_method: String,
    #[serde(rename = "URLPath")]
    pub(crate) url_path: String,
    pub(crate) version: u32,
    /// Never left out: some SDKs pass over a rule without it.
    pub(crate) attributes: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sampling_rate_boost: Option<RateBoost>,
}

/// How far anomalies may raise the rate of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RateBoost {
    pub(crate) max_rate: f64,
    pub(crate) cooldown_window_minutes: u32,
}

impl Rule {
    pub(crate) fn new(name: &str, priority: u32, reservoir_size: u32, fixed_rate: f64) -> Self {
        let any = || "*".to_owned();
        Self {
            rule_name: name.to_owned(),
            rule_arn: arn(name),
            resource_arn: any(),
            priority,
            fixed_rate,
            reservoir_size,
            service_name: any(),
            service_type: any(),
            host: any(),
            http_method: any(),
            url_path: any(),
            version: 1,
            attributes: Map::new(),
            sampling_rate_boost: None,
        }
    }

    /// What X-Ray itself gives an account without rules: one request a second, and 5 % of the rest.
    pub(crate) fn default_rule() -> Self {
        Self::new(DEFAULT, LAST, 1, 0.05)
    }

    pub(crate) fn is_default(&self) -> bool {
        self.rule_name == DEFAULT
    }

    /// Reads the rule at this place of the list, which is its priority unless it says another.
    pub(crate) fn read(value: &Value, at: &str, place: u32) -> Result<Self, Wrong> {
        let fields = Fields::of(value, at)?;
        fields.known(&[
            "RuleName",
            "RuleARN",
            "ResourceARN",
            "Priority",
            "FixedRate",
            "ReservoirSize",
            "ServiceName",
            "ServiceType",
            "Host",
            "HTTPMethod",
            "URLPath",
            "Version",
            "Attributes",
            "SamplingRateBoost",
        ])?;
        let name = fields.need("RuleName", fields.text("RuleName", 1..=32)?)?;
        let rate = fields.share("FixedRate")?;
        let reservoir = fields.whole("ReservoirSize", 0..=MOST)?;
        let mut rule = if name == DEFAULT {
            let rule = Self::default_rule();
            Self {
                fixed_rate: rate.unwrap_or(rule.fixed_rate),
                reservoir_size: reservoir.unwrap_or(rule.reservoir_size),
                ..rule
            }
        } else {
            let rate = fields.need("FixedRate", rate)?;
            Self::new(name, place, fields.need("ReservoirSize", reservoir)?, rate)
        };
        let priorities = if rule.is_default() { LAST..=LAST } else { 1..=LAST - 1 };
        if let Some(priority) = fields.whole("Priority", priorities)? {
            rule.priority = priority;
        }
        for (key, most, text) in rule.patterns() {
            if let Some(given) = fields.text(key, 0..=most)? {
                *text = given.to_owned();
            }
        }
        if rule.is_default()
            && let Some((key, ..)) = rule.patterns().into_iter().find(|(.., text)| *text != "*")
        {
            return Err(fields.wrong(key, "must be \"*\": Default matches everything"));
        }
        if let Some(given) = fields.text("RuleARN", 0..=500)? {
            rule.rule_arn = given.to_owned();
        }
        fields.whole("Version", 1..=1)?;
        rule.attributes = attributes(&fields)?;
        rule.sampling_rate_boost = RateBoost::read(&fields)?;
        Ok(rule)
    }

    /// Checks the patterns that come from another kind of document.
    pub(crate) fn check_patterns(&mut self, key: impl Fn(&str) -> String) -> Result<(), Wrong> {
        let mut patterns = self.patterns().into_iter();
        if let Some((field, most, _)) =
            patterns.find(|(_, most, text)| text.chars().count() > *most)
        {
            let what = format!("must be a text of at most {most} characters");
            return Err(Wrong::new(key(field), what));
        }
        Ok(())
    }

    /// The texts that say what the rule is for, with the service's limits in characters.
    fn patterns(&mut self) -> [(&'static str, usize, &mut String); 6] {
        [
            ("ResourceARN", 500, &mut self.resource_arn),
            ("ServiceName", 64, &mut self.service_name),
            ("ServiceType", 64, &mut self.service_type),
            ("Host", 64, &mut self.host),
            ("HTTPMethod", 10, &mut self.http_method),
            ("URLPath", 128, &mut self.url_path),
        ]
    }
}

impl RateBoost {
    fn read(rule: &Fields<'_>) -> Result<Option<Self>, Wrong> {
        const KEY: &str = "SamplingRateBoost";
        let Some(value) = rule.get(KEY) else { return Ok(None) };
        let fields = Fields::of(value, rule.at(KEY))?;
        fields.known(&["MaxRate", "CooldownWindowMinutes"])?;
        let minutes = fields.whole("CooldownWindowMinutes", 0..=MOST)?;
        Ok(Some(Self {
            max_rate: fields.need("MaxRate", fields.share("MaxRate")?)?,
            cooldown_window_minutes: fields.need("CooldownWindowMinutes", minutes)?,
        }))
    }
}

fn attributes(rule: &Fields<'_>) -> Result<Map<String, Value>, Wrong> {
    const KEY: &str = "Attributes";
    const MOST_ENTRIES: usize = 5;
    let Some(value) = rule.get(KEY) else { return Ok(Map::new()) };
    let fields = Fields::of(value, rule.at(KEY))?;
    let Some(map) = value.as_object().filter(|map| map.len() <= MOST_ENTRIES) else {
        return Err(rule.wrong(KEY, format!("must have at most {MOST_ENTRIES} entries")));
    };
    for key in map.keys() {
        if !(1..=32).contains(&key.chars().count()) {
            return Err(fields.wrong(key, "must have a key of 1 to 32 characters"));
        }
        fields.need(key, fields.text(key, 1..=32)?)?;
    }
    Ok(map.clone())
}

/// Rules of the service always have one.
fn arn(name: &str) -> String {
    format!("arn:aws:xray:local:000000000000:sampling-rule/{name}")
}
