use serde_json::Value;

use crate::{Options, build_cost, calls, growth, lambda, ramp, requests, sampling, servers};

/// A part of the report.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) title: String,
    /// Markdown, without the title.
    pub(crate) text: String,
    /// The same for programs. An array `targets` in it stands in the table of targets; see
    /// [`targets::target`](crate::targets::target).
    pub(crate) json: Value,
}

pub(crate) type Run = fn(&Options) -> Result<Section, String>;

/// In the order of the report.
pub(crate) const ALL: [(&str, Run); 8] = [
    ("requests", requests::run),
    ("sampling", sampling::run),
    ("growth", growth::run),
    ("calls", calls::run),
    ("servers", servers::run),
    ("lambda", lambda::run),
    ("build-cost", build_cost::run),
    ("ramp", ramp::run),
];

/// What the options ask for.
pub(crate) fn wanted(options: &Options) -> Result<Vec<(&'static str, Run)>, String> {
    let only = options.only.as_deref().or(options.quick.then_some("requests"));
    let wanted: Vec<_> =
        ALL.into_iter().filter(|(name, _)| only.is_none_or(|only| only == *name)).collect();
    if wanted.is_empty() {
        let names = ALL.map(|(name, _)| name).join(", ");
        return Err(format!("no section of that name; there are {names}"));
    }
    Ok(wanted)
}
