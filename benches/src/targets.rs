//! The figures this project has promised itself, next to those that were measured.

use serde_json::{Value, json};

use crate::table::{number, row, table};

/// A row of the table of targets, for the `targets` of a section's JSON. `limit` is the most that is
/// allowed, or with `at_least` the least.
pub(crate) fn target(figure: &str, at_least: bool, limit: f64, measured: f64, unit: &str) -> Value {
    let met = if at_least { measured >= limit } else { measured <= limit };
    let measured = if measured.is_nan() { Value::Null } else { json!(measured) };
    json!({
        "figure": figure, "at_least": at_least, "limit": limit, "measured": measured, "unit": unit,
        "met": met,
    })
}

/// The targets and what was measured, as Markdown.
pub(crate) fn text(targets: &[Value]) -> String {
    let mut rows = vec![row(["figure", "target", "measured", "verdict"])];
    for target in targets {
        let text = |name: &str| target[name].as_str().unwrap_or_default();
        let value = |name: &str| number(target[name].as_f64().unwrap_or(f64::NAN));
        let sign = if target["at_least"] == true { ">=" } else { "<=" };
        let met = if target["met"] == true { "met" } else { "NOT MET" };
        rows.push(vec![
            text("figure").to_owned(),
            format!("{sign} {} {}", value("limit"), text("unit")).trim_end().to_owned(),
            value("measured"),
            met.to_owned(),
        ]);
    }
    table(1, &rows)
}
