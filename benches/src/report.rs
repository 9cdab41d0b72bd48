//! `benches/results.json`, which has each section as it last ran, and `benches/RESULTS.md` made of it.

use std::{fs, path::PathBuf};

use serde_json::{Map, Value, json};

use crate::{Options, Section, section::ALL, targets};

/// Why some are not met.
const NOTES: &str = include_str!("../NOTES.md");

const INTRODUCTION: &str = "\
# What it costs

Written by `cargo xtask bench`, which needs Python with venv, Node with npm, and valgrind. `--only SECTION` measures one
section again, the others keep their figures; `--quick` takes three minutes and writes nothing; `--json` ends with a line
of JSON. `cargo xtask bench --check` is part of `.ci/run`: it counts instructions and allocations of ours, and nothing else.
";

/// All sections, of this run and of those before.
#[derive(Debug, Default)]
pub(crate) struct Report {
    sections: Map<String, Value>,
}

impl Report {
    /// What is on file; nothing of it counts for a quick run.
    pub(crate) fn read(options: &Options) -> Result<Self, String> {
        let path = kept();
        if options.quick || !path.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let sections = serde_json::from_str(&text)
            .map_err(|error| format!("{} is not ours: {error}", path.display()))?;
        Ok(Self { sections })
    }

    pub(crate) fn put(&mut self, name: &str, section: Section) {
        let Section { title, text, json } = section;
        let value = json!({"title": title, "text": text, "json": json});
        self.sections.insert(name.to_owned(), value);
    }

    /// Those of all sections, in their order.
    pub(crate) fn targets(&self) -> Vec<Value> {
        let sections = ALL.iter().filter_map(|(name, _)| self.sections.get(*name));
        let targets = sections.filter_map(|section| section["json"]["targets"].as_array());
        targets.flatten().cloned().collect()
    }

    /// The peers of the section of requests and their figures.
    pub(crate) fn peers(&self) -> Value {
        self.sections.get("requests").map_or(json!({}), |section| section["json"]["peers"].clone())
    }

    pub(crate) fn write(&self, options: &Options) -> Result<(), String> {
        if options.quick {
            return Ok(());
        }
        write(&kept(), &format!("{:#}\n", Value::Object(self.sections.clone())))?;
        let mut page = INTRODUCTION.to_owned();
        let mut part = |title: &str, text: &str| {
            page.push_str(&format!("\n## {title}\n\n{}\n", text.trim_end()));
        };
        part("Targets", &format!("{}\n{NOTES}", targets::text(&self.targets())));
        for section in ALL.iter().filter_map(|(name, _)| self.sections.get(*name)) {
            let text = |name: &str| section[name].as_str().unwrap_or_default();
            part(text("title"), text("text"));
        }
        write(&Options::source().join("RESULTS.md"), &page)
    }
}

fn kept() -> PathBuf {
    Options::source().join("results.json")
}

fn write(path: &PathBuf, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
