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
        if let Some(twice) = rules.iter().find(|(_, rule)| !names.insert(&rule.rule_name)) {
            return Err(Wrong::new(
                format!("{}/RuleName", twice.0),
                "is the name of an earlier rule",
            ));
        }
        if !names.contains(&DEFAULT.to_owned()) {
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
    let mut rules: Found = Vec::new();
    for (place, local) in (1..).zip(document.rules()) {
        let at = format!("/rules/{}", place - 1);
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
    let last = Rule {
        reservoir_size: default.fixed_target,
        fixed_rate: default.rate,
        ..Rule::default_rule()
    };
    rules.push(("/default".to_owned(), last));
    Ok(rules)
}
