//! Where two JSON values differ.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

/// One place where ours and Python's values differ; `None` is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// A JSON pointer.
    pub at: String,
    /// What we have there.
    pub ours: Option<Value>,
    /// What Python has there.
    pub python: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Option<Value>| value.as_ref().map_or("absent".into(), Value::to_string);
        write!(f, "{}: ours {}, theirs {}", self.at, text(&self.ours), text(&self.python))
    }
}

/// All places where the two differ, the smallest that can be named.
#[must_use]
pub fn differences(ours: &Value, python: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    walk(String::new(), Some(ours), Some(python), &mut found);
    found
}

fn walk(at: String, ours: Option<&Value>, python: Option<&Value>, found: &mut Vec<Difference>) {
    match (ours, python) {
        (ours, python) if ours == python => {}
        (Some(Value::Object(ours)), Some(Value::Object(python))) => {
            let keys: BTreeSet<&String> = ours.keys().chain(python.keys()).collect();
            for key in keys {
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                walk(at, ours.get(key), python.get(key), found);
            }
        }
        (Some(Value::Array(ours)), Some(Value::Array(python))) => {
            for index in 0..ours.len().max(python.len()) {
                walk(format!("{at}/{index}"), ours.get(index), python.get(index), found);
            }
        }
        (ours, python) => {
            found.push(Difference { at, ours: ours.cloned(), python: python.cloned() });
        }
    }
}
