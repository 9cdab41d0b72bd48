//! The scripts in `tests/scripts`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One script.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) text: String,
    /// Environment variables it runs under.
    pub(crate) variables: Vec<(String, String)>,
}

impl Script {
    /// Where what is expected of this SDK stands.
    pub(crate) fn expected(&self) -> PathBuf {
        folder().join(format!("{}.expected.json", self.name))
    }
}

/// All scripts, by name.
pub(crate) fn all() -> Vec<Script> {
    let variables = json(&folder().join("variables.json"));
    let mut scripts = Vec::new();
    for entry in fs::read_dir(folder()).expect("the folder of scripts") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let given = variables[&name].as_object().into_iter().flatten();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        scripts.push(Script {
            text: fs::read_to_string(&path).expect("UTF-8"),
            variables: given.map(|(key, value)| (key.clone(), text(value))).collect(),
            name,
        });
    }
    scripts.sort_by(|one, other| one.name.cmp(&other.name));
    scripts
}

/// The folder of the scripts.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts")
}

/// Reads a file of JSON.
pub(crate) fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
