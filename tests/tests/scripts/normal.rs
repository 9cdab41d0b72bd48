//! Outcomes without what differs from run to run: random ids, the current time, versions.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use regex::{Captures, Regex};
use serde_json::{Value, json};

use crate::drivers::Outcome;

/// A time so near to now was read from the clock, and not given by a script.
const NEAR: Duration = Duration::from_secs(3_600);

/// The outcome as one JSON value that is the same in each run. Ids and times of the script itself
/// stay as they are; others are named in the order they turn up.
pub(crate) fn normal(outcome: &Outcome, script: &str) -> Value {
    let mut normal = Normal {
        pattern: Regex::new(r"1-[0-9a-f]{8}-[0-9a-f]{24}|\b[0-9a-f]{32}\b|\b[0-9a-f]{16}\b")
            .expect("a valid pattern"),
        script,
        names: HashMap::new(),
        now: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
    };
    let mut answers = outcome.answers.clone();
    for answer in &mut answers {
        if let Some(error) = answer.get_mut("error") {
            *error = json!("<text>");
        }
        normal.value(answer);
    }
    let mut documents = outcome.documents.clone();
    for document in &mut documents {
        normal.identity(document);
        normal.value(document);
    }
    json!({"answers": answers, "documents": documents})
}

struct Normal<'a> {
    pattern: Regex,
    script: &'a str,
    names: HashMap<String, String>,
    now: f64,
}

impl Normal<'_> {
    /// What says which SDK it is, and where it runs.
    fn identity(&self, document: &mut Value) {
        for (pointer, own, name) in [
            ("/aws/xray/sdk", "X-Ray for ", "<sdk>"),
            ("/aws/xray/sdk_version", "", "<version>"),
            ("/service/runtime", "", "<runtime>"),
            ("/service/runtime_version", "", "<version>"),
        ] {
            let Some(value) = document.pointer_mut(pointer) else { continue };
            let text = value.as_str().unwrap_or_default();
            if text.starts_with(own) && !self.script.contains(text) {
                *value = json!(name);
            }
        }
    }

    fn value(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(fields) => {
                for (key, value) in fields {
                    match key.as_str() {
                        "start_time" | "end_time" => self.time(value),
                        "working_directory" => *value = json!("<directory>"),
                        _ => self.value(value),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn time(&self, value: &mut Value) {
        let near = |time: f64| (time - self.now).abs() < NEAR.as_secs_f64();
        if value.as_f64().is_some_and(near) {
            *value = json!("<now>");
        }
    }

    fn text(&mut self, text: &str) -> String {
        let Self { pattern, script, names, .. } = self;
        let named = pattern.replace_all(text, |found: &Captures<'_>| {
            let id = &found[0];
            let zeros = id.trim_start_matches("1-").chars().all(|c| c == '0' || c == '-');
            if zeros || script.contains(id) {
                return id.to_owned();
            }
            let (id, kind) = match id.len() {
                16 => (id.to_owned(), "id"),
                32 => (format!("1-{}-{}", &id[..8], &id[8..]), "trace"),
                _ => (id.to_owned(), "trace"),
            };
            let count =
                names.values().filter(|name| name.starts_with(&format!("<{kind} "))).count();
            names.entry(id).or_insert_with(|| format!("<{kind} {}>", count + 1)).clone()
        });
        named.into_owned()
    }
}
