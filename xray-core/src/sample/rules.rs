use std::{fs, path::Path, str::FromStr};

use serde_json::{Map, Value};

use crate::Error;

/// One local sampling rule: which requests it is for, and how many of them are recorded.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rule {
    /// Pattern for the `Host` header.
    pub host: String,
    /// Pattern for the HTTP method.
    pub http_method: String,
    /// Pattern for the path.
    pub url_path: String,
    /// Requests recorded each second, in this process, before `rate` counts.
    pub fixed_target: u32,
    /// Share of the further requests, from 0 to 1.
    pub rate: f64,
}

/// A local sampling rules document, version 1 or 2, as all X-Ray SDKs read it.
///
/// ```
/// use xray_core::sample::LocalRules;
///
/// let rules: LocalRules = r#"{
///     "version": 2,
///     "rules": [
///         {"host": "*", "http_method": "GET", "url_path": "/health", "fixed_target": 0, "rate": 0}
///     ],
///     "default": {"fixed_target": 1, "rate": 0.05}
/// }"#
/// .parse()?;
/// assert_eq!(rules.rules().len(), 1);
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LocalRules {
    rules: Vec<Rule>,
    default: Rule,
}

impl LocalRules {
    /// Rules that record everything: for tests, demonstrations and services with little traffic.
    #[must_use]
    pub fn everything() -> Self {
        Self { rules: Vec::new(), default: Rule::any(0, 1.0) }
    }

    /// Reads a document from a JSON value.
    ///
    /// # Errors
    /// Names the first field that is missing, unknown or out of range, as a JSON pointer.
    pub fn from_value(value: &Value) -> Result<Self, Error> {
        Self::read(value, &mut Err)
    }

    /// `wrong` says whether to go on after a mistake, without what is wrong.
    fn read(
        value: &Value,
        wrong: &mut dyn FnMut(Error) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let top = match object(value, "") {
            Ok(top) => top,
            Err(error) => return wrong(error).map(|()| Self::default()),
        };
        known(top, "", &["version", "rules", "default"], wrong)?;
        let version = top.get("version").and_then(Value::as_u64);
        if !matches!(version, Some(1 | 2)) {
            wrong(self::wrong("/version", "must be 1 or 2"))?;
        }
        let mut read = Self::default();
        match top.get("default").ok_or_else(|| self::wrong("/default", "is missing")) {
            Err(error) => wrong(error)?,
            Ok(default) => match object(default, "/default") {
                Err(error) => wrong(error)?,
                Ok(fields) => {
                    known(fields, "/default", &["fixed_target", "rate"], wrong)?;
                    match amounts(fields, "/default") {
                        Ok((fixed_target, rate)) => read.default = Rule::any(fixed_target, rate),
                        Err(error) => wrong(error)?,
                    }
                }
            },
        }
        let rules = match top.get("rules").map(Value::as_array) {
            None => &[][..],
            Some(Some(rules)) => rules,
            Some(None) => {
                wrong(self::wrong("/rules", "must be an array"))?;
                &[]
            }
        };
        for (index, rule) in rules.iter().enumerate() {
            match Rule::read(rule, &format!("/rules/{index}"), version, wrong) {
                Ok(rule) => read.rules.push(rule),
                Err(error) => wrong(error)?,
            }
        }
        Ok(read)
    }

    /// Reads a document as far as it makes sense: what is not known is passed over, and a rule that is
    /// wrong is left out. Returns what was wrong as well; nothing of it need be looked at.
    ///
    /// A document that is none, or whose `default` is wrong, gets the built-in default. Use
    /// [`str::parse`] to be told of mistakes instead.
    ///
    /// ```
    /// use xray_core::sample::LocalRules;
    ///
    /// let (rules, wrong) = LocalRules::lenient(
    ///     r#"{"version": 2, "owner": "team a", "default": {"fixed_target": 0, "rate": 7}}"#,
    /// );
    /// assert_eq!(rules, LocalRules::default());
    /// assert_eq!(wrong.len(), 2);
    /// ```
    #[must_use]
    pub fn lenient(text: &str) -> (Self, Vec<Error>) {
        let mut wrong = Vec::new();
        let rules = json(text).and_then(|value| {
            Self::read(&value, &mut |error| {
                wrong.push(error);
                Ok(())
            })
        });
        let rules = rules.unwrap_or_else(|error| {
            wrong.push(error);
            Self::default()
        });
        (rules, wrong)
    }

    /// Reads a document from a file.
    ///
    /// # Errors
    /// The file cannot be read, is no JSON, or is no rules document.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| {
            Error::io(format!("cannot read sampling rules from {}: {error}", path.display()), error)
        })?;
        text.parse().map_err(|error: Error| Error::config(format!("{}: {error}", path.display())))
    }

    /// The rules, first match first.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What holds when no rule matches.
    #[must_use]
    pub fn default_rule(&self) -> &Rule {
        &self.default
    }
}

impl Default for LocalRules {
    /// The document that is built into every X-Ray SDK: one request a second, and 5 % of the rest.
    fn default() -> Self {
        Self { rules: Vec::new(), default: Rule::any(1, 0.05) }
    }
}

impl FromStr for LocalRules {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::from_value(&json(text)?)
    }
}

impl Rule {
    fn any(fixed_target: u32, rate: f64) -> Self {
        let any = || "*".to_owned();
        Self { host: any(), http_method: any(), url_path: any(), fixed_target, rate }
    }

    fn read(
        value: &Value,
        at: &str,
        version: Option<u64>,
        wrong: &mut dyn FnMut(Error) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let fields = object(value, at)?;
        // Version 1 called the host `service_name`.
        let host_key = if version == Some(1) { "service_name" } else { "host" };
        let keys = [host_key, "http_method", "url_path", "fixed_target", "rate", "description"];
        known(fields, at, &keys, wrong)?;
        let (fixed_target, rate) = amounts(fields, at)?;
        Ok(Self {
            host: pattern(fields, at, host_key)?,
            http_method: pattern(fields, at, "http_method")?,
            url_path: pattern(fields, at, "url_path")?,
            fixed_target,
            rate,
        })
    }
}

fn json(text: &str) -> Result<Value, Error> {
    let value = serde_json::from_str(text);
    value.map_err(|error| Error::config(format!("sampling rules are not JSON: {error}")))
}

fn wrong(pointer: &str, what: &str) -> Error {
    let pointer = if pointer.is_empty() { "the document" } else { pointer };
    Error::config(format!("sampling rules: {pointer} {what}"))
}

fn object<'a>(value: &'a Value, at: &str) -> Result<&'a Map<String, Value>, Error> {
    value.as_object().ok_or_else(|| wrong(at, "must be an object"))
}

/// Goes through all keys that are not known, as long as `wrong` lets it.
fn known(
    fields: &Map<String, Value>,
    at: &str,
    keys: &[&str],
    wrong: &mut dyn FnMut(Error) -> Result<(), Error>,
) -> Result<(), Error> {
    for key in fields.keys().filter(|key| !keys.contains(&key.as_str())) {
        let keys = keys.join(", ");
        let pointer = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        wrong(self::wrong(&pointer, &format!("is not known here; known are {keys}")))?;
    }
    Ok(())
}

fn pattern(fields: &Map<String, Value>, at: &str, key: &str) -> Result<String, Error> {
    let text = fields.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.map(str::to_owned)
        .ok_or_else(|| wrong(&format!("{at}/{key}"), "must be a pattern such as \"*\""))
}

fn amounts(fields: &Map<String, Value>, at: &str) -> Result<(u32, f64), Error> {
    let target = fields.get("fixed_target").and_then(Value::as_u64);
    let target = target.and_then(|target| u32::try_from(target).ok()).ok_or_else(|| {
        wrong(&format!("{at}/fixed_target"), "must be a whole number from 0, per second")
    })?;
    let rate = fields.get("rate").and_then(Value::as_f64);
    let rate = rate
        .filter(|rate| (0.0..=1.0).contains(rate))
        .ok_or_else(|| wrong(&format!("{at}/rate"), "must be a number from 0 to 1"))?;
    Ok((target, rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_field_that_is_wrong() {
        for (document, pointer) in [
            (r"[]", "the document"),
            (r#"{"version":3}"#, "/version"),
            (r#"{"version":2}"#, "/default is missing"),
            (r#"{"version":2,"default":{"fixed_target":1}}"#, "/default/rate"),
            (r#"{"version":2,"default":{"fixed_target":-1,"rate":0}}"#, "/default/fixed_target"),
            (r#"{"version":2,"default":{"fixed_target":1.5,"rate":0}}"#, "/default/fixed_target"),
            (r#"{"version":2,"default":{"fixed_target":1,"rate":1.1}}"#, "/default/rate"),
            (r#"{"version":2,"default":{"fixed_target":1,"rate":0,"host":"*"}}"#, "/default/host"),
            (r#"{"version":2,"default":{"fixed_target":1,"rate":0},"rules":{}}"#, "/rules"),
            (
                r#"{"version":2,"default":{"fixed_target":1,"rate":0},"rules":[{"service_name":"*"}]}"#,
                "/rules/0/service_name",
            ),
            (
                r#"{"version":1,"default":{"fixed_target":1,"rate":0},"rules":[
                    {"service_name":"*","http_method":"","url_path":"*","fixed_target":1,"rate":0}]}"#,
                "/rules/0/http_method",
            ),
        ] {
            let error = document.parse::<LocalRules>().expect_err(document);
            assert!(error.to_string().contains(pointer), "{error} for {document}");
            assert!(error.is_config());
        }
    }

    #[test]
    fn lenient_takes_what_makes_sense() {
        let (rules, wrong) = LocalRules::lenient(
            r#"{"version": 2, "a/b": 1, "default": {"fixed_target": 3, "rate": 0.5, "host": "*"},
                "rules": [
                    {"host": "a", "http_method": "*", "url_path": "*", "fixed_target": 1, "rate": 0, "x": 1},
                    {"host": "b", "http_method": "*", "url_path": "*", "fixed_target": 1, "rate": 2},
                    7
                ]}"#,
        );
        let wrong: Vec<_> = wrong.iter().map(ToString::to_string).collect();
        let expected = ["/a~1b", "/default/host", "/rules/0/x", "/rules/1/rate", "/rules/2"];
        assert!(wrong.iter().zip(expected).all(|(text, at)| text.contains(at)), "{wrong:?}");
        assert_eq!(wrong.len(), expected.len());
        let hosts: Vec<_> = rules.rules().iter().map(|rule| rule.host.as_str()).collect();
        assert_eq!(hosts, ["a"]);
        assert_eq!(*rules.default_rule(), Rule::any(3, 0.5));

        for (text, count) in
            [("", 1), ("null", 1), ("[]", 1), ("{}", 2), (r#"{"version": 9, "rules": 1}"#, 3)]
        {
            let (rules, wrong) = LocalRules::lenient(text);
            assert_eq!((rules, wrong.len()), (LocalRules::default(), count), "{text}");
        }
    }

    #[test]
    fn version_1_matches_the_host_by_service_name() {
        let rules: LocalRules = r#"{"version":1,"default":{"fixed_target":1,"rate":0},"rules":[
            {"service_name":"a.*","http_method":"*","url_path":"*","fixed_target":2,"rate":0.5}]}"#
            .parse()
            .unwrap();
        assert_eq!(rules.rules()[0].host, "a.*");
    }
}
