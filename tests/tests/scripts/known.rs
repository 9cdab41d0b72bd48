//! `tests/scripts/differences.json`: each known difference from the Python SDK, with its reason.
//!
//! A row names the scripts it is for (none: all), where the values differ (a JSON pointer, with `*`
//! for any one step and `**` for any number), what they are there (a value, or the word `absent`;
//! left out: anything), and why.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::corpus::{folder, json};
use crate::difference::Difference;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    #[serde(default)]
    pub(crate) scripts: Vec<String>,
    at: String,
    #[serde(default)]
    ours: Side,
    #[serde(default)]
    python: Side,
    pub(crate) reason: String,
}

/// What a row says of one side: anything, or this.
#[derive(Debug, Default)]
struct Side(Option<Value>);

impl<'de> Deserialize<'de> for Side {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self(Some(value)))
    }
}

impl Side {
    fn matches(&self, value: Option<&Value>) -> bool {
        match (&self.0, value) {
            (None, _) => true,
            (Some(Value::String(word)), None) => word == "absent",
            (Some(expected), Some(value)) => expected == value,
            (Some(_), None) => false,
        }
    }
}

impl Row {
    /// Whether it is for some scripts only.
    pub(crate) fn is_special(&self) -> bool {
        !self.scripts.is_empty()
    }

    fn explains(&self, script: &str, difference: &Difference) -> bool {
        let steps: Vec<&str> = self.at.split('/').collect();
        let at: Vec<&str> = difference.at.split('/').collect();
        (self.scripts.is_empty() || self.scripts.iter().any(|name| name == script))
            && leads_to(&steps, &at)
            && self.ours.matches(difference.ours.as_ref())
            && self.python.matches(difference.python.as_ref())
    }
}

fn leads_to(steps: &[&str], at: &[&str]) -> bool {
    match (steps, at) {
        ([], []) => true,
        (["**", rest @ ..], _) => (0..=at.len()).any(|skipped| leads_to(rest, &at[skipped..])),
        (["*", rest @ ..], [_, at @ ..]) => leads_to(rest, at),
        ([step, rest @ ..], [one, at @ ..]) => step == one && leads_to(rest, at),
        _ => false,
    }
}

/// The table, and which of its rows were needed by which scripts.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
    used: BTreeMap<usize, Vec<String>>,
}

impl Table {
    pub(crate) fn read() -> Self {
        let rows = json(&folder().join("differences.json"));
        let rows = serde_json::from_value(rows).expect("rows of differences.json");
        Self { rows, used: BTreeMap::new() }
    }

    /// Notes which rows explain a script's differences; gives the differences that none explains.
    /// The first row counts, so that a general one does not hide a special one that stands before.
    pub(crate) fn explain(&mut self, script: &str, found: Vec<Difference>) -> Vec<Difference> {
        let mut unknown = Vec::new();
        for difference in found {
            let row = self.rows.iter().position(|row| row.explains(script, &difference));
            let Some(row) = row else {
                unknown.push(difference);
                continue;
            };
            let scripts = self.used.entry(row).or_default();
            if scripts.last().is_none_or(|last| last != script) {
                scripts.push(script.to_owned());
            }
        }
        unknown
    }

    /// The scripts that needed a row.
    pub(crate) fn needed_by(&self, row: usize) -> &[String] {
        self.used.get(&row).map_or(&[], Vec::as_slice)
    }

    /// What a row lists and what is no longer so.
    pub(crate) fn outdated(&self) -> Vec<String> {
        let mut outdated = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            let needed = self.needed_by(index);
            if needed.is_empty() {
                outdated.push(format!("{} ({})", row.at, row.reason));
            }
            for script in row.scripts.iter().filter(|script| !needed.contains(script)) {
                outdated.push(format!("{} in {script} ({})", row.at, row.reason));
            }
        }
        outdated
    }
}
