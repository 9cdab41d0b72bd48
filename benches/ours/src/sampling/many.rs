//! Sampling rules of which the last one is for the request; `python/peer.py` has the same.

use serde_json::{Value, json};

const RULES: usize = 50;

/// Rates that are asked for chance, unlike 0 and 1, and always give the same answer.
pub(super) const NEVER: f64 = 1e-12;
pub(super) const ALWAYS: f64 = 1.0 - NEVER;

/// Rules as a document of local rules, and a request.
pub(super) struct Many {
    pub(super) document: Value,
    pub(super) host: String,
    pub(super) path: String,
}

impl Many {
    /// The same rules as the X-Ray service gives them.
    pub(super) fn as_records(&self) -> Value {
        let rules = self.document["rules"].as_array().into_iter().flatten();
        let record = |(place, rule): (usize, &Value)| {
            let is_default = rule.get("host").is_none();
            let pattern = |name| rule.get(name).cloned().unwrap_or_else(|| json!("*"));
            json!({"SamplingRule": {
                "RuleName": if is_default { "Default".into() } else { format!("rule {place:02}") },
                "Priority": if is_default { 10_000 } else { place + 1 },
                "Version": 1, "ResourceARN": "*", "ServiceName": "*", "ServiceType": "*",
                "Host": pattern("host"),
                "HTTPMethod": pattern("http_method"),
                "URLPath": pattern("url_path"),
                "ReservoirSize": rule["fixed_target"],
                "FixedRate": rule["rate"],
            }})
        };
        let records = rules.chain([&self.document["default"]]).enumerate().map(record);
        json!({"SamplingRuleRecords": records.collect::<Vec<_>>()})
    }
}

/// Each rule is for a host of its own.
pub(super) fn hosts(fixed_target: u32, rate: f64) -> Many {
    let host = |index| format!("service-{index:02}.example.com");
    many(host, |_| "/orders/".to_owned(), fixed_target, rate)
}

/// Each rule is for a path of its own, on the same host.
pub(super) fn paths(fixed_target: u32, rate: f64) -> Many {
    let path = |index| format!("/orders-{index:02}/");
    many(|_| "service.example.com".to_owned(), path, fixed_target, rate)
}

/// No rule but the one for all the others.
pub(super) fn none(rate: f64) -> Many {
    let document = json!({"version": 2, "default": {"fixed_target": 0, "rate": rate}});
    Many { document, host: "service.example.com".into(), path: "/orders/4711".into() }
}

fn many(
    host: impl Fn(usize) -> String,
    path: impl Fn(usize) -> String,
    fixed_target: u32,
    rate: f64,
) -> Many {
    let rule = |index| {
        json!({
            "host": host(index), "http_method": "*", "url_path": format!("{}*", path(index)),
            "fixed_target": fixed_target, "rate": rate,
        })
    };
    let document = json!({
        "version": 2,
        "rules": (0..RULES).map(rule).collect::<Vec<_>>(),
        "default": {"fixed_target": 1, "rate": 0.05},
    });
    let last = RULES - 1;
    Many { document, host: host(last), path: format!("{}4711", path(last)) }
}
