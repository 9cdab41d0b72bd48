//! A table of known differences from the Python SDK, each with its reason, such as
//! `tests/scripts/differences.json`.
//!
//! A row names the scripts it is for (none: all), where the values differ (a JSON pointer, with `*`
//! for any one step and `**` for any number), what they are there (a value, or the word `absent`;
//! left out: anything), and why.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use serde_json::Value;

use super::Difference;

/// One row of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What it is for; none: all.
    #[serde(default)]
    scripts: Vec<String>,
    at: String,
    #[serde(default)]
    ours: Side,
    #[serde(default)]
    python: Side,
    /// Why they differ.
    pub reason: String,
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
    #[must_use]
    pub fn is_special(&self) -> bool {
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
pub struct Table {
    /// The rows, in order.
    pub rows: Vec<Row>,
    used: BTreeMap<usize, Vec<String>>,
}

impl Table {
    /// Reads a table.
    ///
    /// # Panics
    /// When the file is not there, or is no table.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
        let rows = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { rows, used: BTreeMap::new() }
    }

    /// Notes which rows explain a script's differences; gives the differences that none explains.
    /// The first row counts, so that a general one does not hide a special one that stands before.
    pub fn explain(&mut self, script: &str, found: Vec<Difference>) -> Vec<Difference> {
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
    #[must_use]
    pub fn needed_by(&self, row: usize) -> &[String] {
        self.used.get(&row).map_or(&[], Vec::as_slice)
    }

    /// What a row lists and what is no longer so.
    #[must_use]
    pub fn outdated(&self) -> Vec<String> {
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
