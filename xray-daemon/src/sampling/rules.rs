use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::str::FromStr;

use serde_json::Value;
use xray_core::sample::LocalRules;

use super::fields::{Fields, Wrong};
use super::rule::{DEFAULT, Rule};
use crate::error::Error;

/// An account of AWS has 25 rules unless it asks for more.
const MAX_RULES: usize = 256;
/// So many rules with every text at its limit fit well.
const MAX_BYTES: u64 = 1 << 20;

/// Centralized sampling rules that the daemon hands out in place of the X-Ray service.
///
/// They are read from what `aws xray get-sampling-rules` prints, from a plain array of `SamplingRule`
/// objects, from `{"SamplingRules": […]}`, or from a local rules document as the SDKs read it. The limits
/// are those of the [X-Ray API](https://docs.aws.amazon.com/xray/latest/api/API_SamplingRule.html), and at
/// most 256 rules. What is not said of a rule is `*`; its priority is then its place in the list. `Default`
/// is added if it is absent.
///
/// ```
/// use xray_daemon::SamplingRules;
///
/// let rules: SamplingRules = r#"[
///     {"RuleName": "checkout", "URLPath": "/checkout/*", "ReservoirSize": 10, "FixedRate": 0.5}
/// ]"#
/// .parse()?;
/// assert_eq!(rules.names().collect::<Vec<_>>(), ["checkout", "Default"]);
///
/// let error = r#"[{"RuleName": "checkout", "Rate": 2}]"#.parse::<SamplingRules>().unwrap_err();
/// assert!(error.is_config());
/// assert!(error.to_string().contains("/0/Rate is not known here"), "{error}");
/// # Ok::<(), xray_daemon::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SamplingRules {
    /// By priority, then by name.
    pub(super) rules: Vec<Rule>,
}

impl SamplingRules {
    /// Reads rules from a file of at most 1 MiB.
    ///
    /// # Errors
    /// The file cannot be read, is no JSON, or breaks a limit: then the error names the field as a JSON
    /// pointer.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let shown = path.display();
        let text = read(path).map_err(|error| {
            Error::rules(format!("cannot read the sampling rules in {shown}: {error}"))
        })?;
        Self::parse(&text)
            .map_err(|wrong| Error::rules(format!("sampling rules in {shown}: {wrong}")))
    }

    /// The names of the rules, in the order in which they are tried.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.rule_name.as_str())
    }

    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.rule_name == name)
    }

    fn parse(text: &str) -> Result<Self, Wrong> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| Wrong::new("", format!("is not JSON: {error}")))?;
        let mut rules = match &value {
            Value::Array(list) => each(list, "", Rule::read)?,
            Value::Object(map) if map.contains_key("version") => local(&value)?,
            Value::Object(map) if map.contains_key("SamplingRules") => {
                let fields = Fields::of(&value, "")?;
                fields.known(&["SamplingRules"])?;
                let list =
                    fields.need("SamplingRules", fields.list("SamplingRules", MAX_RULES)?)?;
                each(list, "/SamplingRules", Rule::read)?
            }
            _ => records(&value)?,
        };
        let mut names = HashSet::new();
        if let Some(twice) = rules.iter().find(|(_, rule)| !names.insert(rule.rule_name.as_str())) {
            return Err(Wrong::new(
                format!("{}/RuleName", twice.0),
                "is the name of an earlier rule",
            ));
        }
        if !names.contains(DEFAULT) {
            rules.push((String::new(), Rule::default_rule()));
        }
        let mut rules: Vec<_> = rules.into_iter().map(|(_, rule)| rule).collect();
        rules.sort_by(|a, b| (a.priority, &a.rule_name).cmp(&(b.priority, &b.rule_name)));
        Ok(Self { rules })
    }
}

impl Default for SamplingRules {
    /// `Default` alone, as X-Ray has it for an account without rules: one request a second, and 5 % of the
    /// rest.
    fn default() -> Self {
        Self { rules: vec![Rule::default_rule()] }
    }
}

impl FromStr for SamplingRules {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text).map_err(|wrong| Error::rules(format!("sampling rules: {wrong}")))
    }
}

fn read(path: &Path) -> io::Result<String> {
    // Anything else might never end, or never begin.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut text = String::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(text)
}

/// Rules, each with its pointer.
type Found = Vec<(String, Rule)>;

fn each(
    list: &[Value],
    at: &str,
    read: impl Fn(&Value, &str, u32) -> Result<Rule, Wrong>,
) -> Result<Found, Wrong> {
    if list.len() > MAX_RULES {
        return Err(Wrong::new(
            at,
            format!("holds {} rules, {MAX_RULES} at most are allowed", list.len()),
        ));
    }
    let rules = (1..).zip(list).map(|(place, value)| {
        let at = format!("{at}/{}", place - 1);
        read(value, &at, place).map(|rule| (at, rule))
    });
    rules.collect()
}

/// What `aws xray get-sampling-rules` prints.
fn records(value: &Value) -> Result<Found, Wrong> {
    const KEY: &str = "SamplingRuleRecords";
    let fields = Fields::of(value, "").map_err(|_| {
        Wrong::new("", "must be an array of rules, or the output of `aws xray get-sampling-rules`")
    })?;
    fields.known(&[KEY, "NextToken", "SamplingRules", "version", "default", "rules"])?;
    if fields.get("NextToken").is_some() {
        return Err(fields.wrong("NextToken", "says that this is not the last page: get them all"));
    }
    let list = fields.need(KEY, fields.list(KEY, MAX_RULES)?)?;
    let mut rules = each(list, &format!("/{KEY}"), |value, at, place| {
        let record = Fields::of(value, at)?;
        record.known(&["SamplingRule", "CreatedAt", "ModifiedAt"])?;
        let rule = record.need("SamplingRule", record.get("SamplingRule"))?;
        Rule::read(rule, &record.at("SamplingRule"), place)
    })?;
    rules.iter_mut().for_each(|(at, _)| at.push_str("/SamplingRule"));
    Ok(rules)
}

/// The rules of an SDK, in their order; here a reservoir is shared by all clients.
fn local(value: &Value) -> Result<Found, Wrong> {
    let document = LocalRules::from_value(value).map_err(|error| {
        // The pointer, a blank, and what is wrong.
        let text = error.to_string();
        let text = text.strip_prefix("sampling rules: ").unwrap_or(&text);
        let (pointer, what) = text.split_once(' ').unwrap_or(("", text));
        Wrong::new(pointer, what)
    })?;
    if document.rules().len() > MAX_RULES {
        return Err(Wrong::new("/rules", format!("holds more than {MAX_RULES} rules")));
    }
    let fits = |at: &str, target: u32| match i32::try_from(target) {
        Ok(_) => Ok(()),
        Err(_) => {
            let what = format!("must be a whole number from 0 to {}", i32::MAX);
            Err(Wrong::new(format!("{at}/fixed_target"), what))
        }
    };
    let mut rules: Found = Vec::new();
    for (place, local) in (1..).zip(document.rules()) {
        let at = format!("/rules/{}", place - 1);
        fits(&at, local.fixed_target)?;
        let mut rule = Rule {
            host: local.host.clone(),
            http_method: local.http_method.clone(),
            url_path: local.url_path.clone(),
            ..Rule::new(&format!("rule-{place}"), place, local.fixed_target, local.rate)
        };
        let key = |field: &str| match field {
            "HTTPMethod" => format!("{at}/http_method"),
            "URLPath" => format!("{at}/url_path"),
            _ if value["version"] == 1 => format!("{at}/service_name"),
            _ => format!("{at}/host"),
        };
        rule.check_patterns(key)?;
        rules.push((at, rule));
    }
    let default = document.default_rule();
    fits("/default", default.fixed_target)?;
    let last = Rule {
        reservoir_size: default.fixed_target,
        fixed_rate: default.rate,
        ..Rule::default_rule()
    };
    rules.push(("/default".to_owned(), last));
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(document: &Value) -> Value {
        let rules: SamplingRules = document.to_string().parse().unwrap();
        serde_json::to_value(rules.rules()).unwrap()
    }

    fn problem(document: &str) -> String {
        let error = document.parse::<SamplingRules>().expect_err(document);
        assert!(error.is_config());
        error.to_string().strip_prefix("sampling rules: ").unwrap().to_owned()
    }

    #[test]
    fn all_shapes_hold_the_same_rules() {
        let rule = json!({ "RuleName": "a", "ReservoirSize": 1, "FixedRate": 0.5, "Host": "x?" });
        let default = json!({ "RuleName": "Default", "Priority": 10_000, "ReservoirSize": 2, "FixedRate": 1 });
        let list = json!([rule, default]);
        let plain = rules(&list);
        assert_eq!(plain[0]["Host"], "x?");
        assert_eq!((&plain[0]["Priority"], &plain[0]["URLPath"]), (&json!(1), &json!("*")));
        assert_eq!((&plain[1]["ReservoirSize"], &plain[1]["FixedRate"]), (&json!(2), &json!(1.0)));
        assert_eq!(rules(&json!({ "SamplingRules": list })), plain);
        let record = |rule: &Value| json!({ "SamplingRule": rule, "CreatedAt": "2018-07-09", "ModifiedAt": 1.5 });
        let records =
            json!({ "SamplingRuleRecords": [record(&rule), record(&default)], "NextToken": null });
        assert_eq!(rules(&records), plain);
    }

    #[test]
    fn what_the_service_says_is_kept() {
        let rule = json!({
            "RuleName": "a", "RuleARN": "arn:aws:xray:eu-west-1:1:sampling-rule/a", "ResourceARN": "*",
            "Priority": 9_999, "FixedRate": 0.25, "ReservoirSize": 50, "ServiceName": "s", "ServiceType": "t",
            "Host": "h", "HTTPMethod": "GET", "URLPath": "/p", "Version": 1, "Attributes": { "k": "v" },
            "SamplingRateBoost": { "MaxRate": 0.5, "CooldownWindowMinutes": 3 },
        });
        assert_eq!(rules(&json!([rule]))[0], rule);
    }

    #[test]
    fn the_order_is_by_priority_then_by_name() {
        let rule = |name: &str, priority: u32| json!({ "RuleName": name, "Priority": priority, "ReservoirSize": 0, "FixedRate": 0 });
        let list = json!([rule("z", 5), rule("b", 7), rule("a", 7), rule("c", 1)]);
        let rules: SamplingRules = list.to_string().parse().unwrap();
        assert_eq!(rules.names().collect::<Vec<_>>(), ["c", "z", "a", "b", "Default"]);
    }

    #[test]
    fn the_rules_of_an_sdk_are_translated() {
        let document = json!({
            "version": 2,
            "rules": [
                { "host": "a.*", "http_method": "GET", "url_path": "/x", "fixed_target": 4, "rate": 0.5, "description": "d" },
                { "host": "*", "http_method": "*", "url_path": "/y", "fixed_target": 0, "rate": 0 },
            ],
            "default": { "fixed_target": 9, "rate": 0.9 },
        });
        let rules: SamplingRules = document.to_string().parse().unwrap();
        let expected = [
            Rule {
                host: "a.*".into(),
                http_method: "GET".into(),
                url_path: "/x".into(),
                ..Rule::new("rule-1", 1, 4, 0.5)
            },
            Rule { url_path: "/y".into(), ..Rule::new("rule-2", 2, 0, 0.0) },
            Rule { reservoir_size: 9, fixed_rate: 0.9, ..Rule::default_rule() },
        ];
        assert_eq!(rules.rules(), expected);
    }

    #[test]
    fn the_field_that_is_wrong_is_named() {
        let long = |length: usize| "x".repeat(length);
        let with = |field: &str, value: Value| {
            let mut rule = json!({ "RuleName": "a", "ReservoirSize": 1, "FixedRate": 0.5 });
            rule[field] = value;
            json!([rule]).to_string()
        };
        let local = |host: &str| {
            json!({ "version": 1, "default": { "fixed_target": 1, "rate": 0 }, "rules": [
            { "service_name": host, "http_method": "*", "url_path": "*", "fixed_target": 1, "rate": 0 }] }).to_string()
        };
        for (document, expected) in [
            (String::new(), "the document is not JSON: EOF while parsing"),
            ("[NaN]".to_owned(), "the document is not JSON: expected value"),
            ("[1e999]".to_owned(), "the document is not JSON: number out of range"),
            ("[".repeat(100_000), "the document is not JSON: recursion limit exceeded"),
            ("7".to_owned(), "the document must be an array of rules"),
            ("{}".to_owned(), "/SamplingRuleRecords is missing"),
            ("[7]".to_owned(), "/0 must be an object"),
            ("[{}]".to_owned(), "/0/RuleName is missing"),
            (
                r#"{"SamplingRule":[]}"#.to_owned(),
                "/SamplingRule is not known here: did you mean SamplingRule",
            ),
            (r#"{"SamplingRules":{}}"#.to_owned(), "/SamplingRules must be an array"),
            (
                r#"{"SamplingRuleRecords":[{"SamplingRule":{"RuleName":"a"}}]}"#.to_owned(),
                "/SamplingRuleRecords/0/SamplingRule/FixedRate is missing",
            ),
            (
                r#"{"SamplingRuleRecords":[],"NextToken":"x"}"#.to_owned(),
                "/NextToken says that this is not the last page",
            ),
            (
                r#"{"version":2,"default":{"fixed_target":4294967295,"rate":0}}"#.to_owned(),
                "/default/fixed_target must be a whole number from 0 to 2147483647",
            ),
            (with("RuleName", json!("")), "/0/RuleName must be a text of 1 to 32 characters"),
            (with("RuleName", json!(long(33))), "/0/RuleName must be a text of 1 to 32"),
            (with("Priority", json!(0)), "/0/Priority must be a whole number from 1 to 9999"),
            (with("Priority", json!(10_000)), "/0/Priority must be a whole number from 1 to 9999"),
            (with("Priority", json!(1.5)), "/0/Priority must be a whole number"),
            (with("FixedRate", json!(1.01)), "/0/FixedRate must be a number from 0 to 1"),
            (with("FixedRate", json!(-0.1)), "/0/FixedRate must be a number from 0 to 1"),
            (with("FixedRate", json!("1")), "/0/FixedRate must be a number from 0 to 1"),
            (with("FixedRate", json!(null)), "/0/FixedRate is missing"),
            (with("ReservoirSize", json!(-1)), "/0/ReservoirSize must be a whole number from 0"),
            (
                with("ReservoirSize", json!(u64::MAX)),
                "/0/ReservoirSize must be a whole number from 0",
            ),
            (with("Host", json!(long(65))), "/0/Host must be a text of at most 64 characters"),
            (with("HTTPMethod", json!(long(11))), "/0/HTTPMethod must be a text of at most 10"),
            (with("URLPath", json!(long(129))), "/0/URLPath must be a text of at most 128"),
            (with("ServiceType", json!(["*"])), "/0/ServiceType must be a text of at most 64"),
            (with("ResourceARN", json!(long(501))), "/0/ResourceARN must be a text of at most 500"),
            (with("Version", json!(2)), "/0/Version must be a whole number from 1 to 1"),
            (
                with("Attributes", json!({ "1": "", "2": "" })),
                "/0/Attributes/1 must be a text of 1 to 32",
            ),
            (
                with(
                    "Attributes",
                    json!({ "1": "v", "2": "v", "3": "v", "4": "v", "5": "v", "6": "v" }),
                ),
                "/0/Attributes must have at most 5 entries",
            ),
            (with("Attributes", json!({ "": "v" })), "/0/Attributes/ must have a key of 1 to 32"),
            (
                with("SamplingRateBoost", json!({ "MaxRate": 2 })),
                "/0/SamplingRateBoost/MaxRate must be a number from 0 to 1",
            ),
            (
                with("SamplingRateBoost", json!({ "MaxRate": 0.5 })),
                "/0/SamplingRateBoost/CooldownWindowMinutes is missing",
            ),
            (with("Hosts", json!("*")), "/0/Hosts is not known here: did you mean Host?"),
            (
                json!([{ "RuleName": "Default", "Host": "x" }]).to_string(),
                "/0/Host must be \"*\": Default matches everything",
            ),
            (
                json!([{ "RuleName": "Default", "Priority": 1 }]).to_string(),
                "/0/Priority must be a whole number from 10000 to 10000",
            ),
            (
                json!([{ "RuleName": "Default" }, { "RuleName": "Default" }]).to_string(),
                "/1/RuleName is the name of an earlier rule",
            ),
            (
                json!(vec![json!({ "RuleName": "a" }); 10_000]).to_string(),
                "the document holds 10000 rules, 256 at most are allowed",
            ),
            (json!({ "version": 3 }).to_string(), "/version must be 1 or 2"),
            (local(&long(65)), "/rules/0/service_name must be a text of at most 64"),
        ] {
            let problem = problem(&document);
            assert!(problem.starts_with(expected), "{problem} is not {expected}");
        }
    }
}
