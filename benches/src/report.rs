//! The table, as Markdown and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};
use xray_benches::Side;

use crate::{
    Figure,
    check::share,
    machine::{machine, says, version},
    measure::ROUNDS,
};

const COLUMNS: [&str; 7] = [
    "work",
    "by",
    "time per operation, ns",
    "range, ns",
    "instructions per operation",
    "allocations per operation",
    "ours / this, by least time",
];

/// As text that is also Markdown.
pub(crate) fn table(figures: &[Figure]) -> String {
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    let mut before = None;
    for figure in figures {
        // The name of a work stands once, above all who do it.
        let named = before.replace(figure.work) != Some(figure.work);
        let ns = figure.ns;
        rows.push([
            if named { figure.work.name().to_owned() } else { String::new() },
            figure.by.to_owned(),
            number(ns.median),
            format!("{} to {}", number(ns.least), number(ns.most)),
            figure.instructions.map_or_else(dash, whole),
            figure.allocations.map_or_else(dash, |count| format!("{count}")),
            share(figure, figures).map_or_else(String::new, |share| format!("{share:.3}")),
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            // Names to the left, figures to the right.
            let _ = match column {
                0 | 1 => write!(text, "| {cell:<width$} "),
                _ => write!(text, "| {cell:>width$} "),
            };
        }
        text.push_str("|\n");
        if index == 0 {
            for (column, width) in widths.into_iter().enumerate() {
                let end = if column < 2 { '-' } else { ':' };
                let _ = write!(text, "|{}{end}", "-".repeat(width + 1));
            }
            text.push_str("|\n");
        }
    }
    text
}

pub(crate) fn json(figures: &[Figure]) -> Value {
    let row = |figure: &Figure| {
        json!({
            "work": figure.work.name(),
            "by": figure.by,
            "ours": matches!(figure.side, Side::Ours { .. }),
            "ns": figure.ns.median,
            "ns_least": figure.ns.least,
            "ns_most": figure.ns.most,
            "instructions": figure.instructions,
            "allocations": figure.allocations,
            "share": share(figure, figures),
        })
    };
    json!({"machine": machine(), "rounds": ROUNDS, "figures": figures.iter().map(row).collect::<Vec<_>>()})
}

/// The page that is kept with the code.
pub(crate) fn page(figures: &[Figure], python: Option<&str>) -> String {
    format!(
        "# What sampling costs

{date}, {machine}, {rustc}, optimised with fat link-time optimisation.
Peers: opentelemetry {api}, opentelemetry_sdk {sdk}, {python}.

{table}
- Time is the median of {ROUNDS} rounds that the contenders take in turn, each of 5 ms or more, on one core.
- Instructions are callgrind's, of N and of 2 N operations, without what the start costs. It counts those
  of a processor without AVX-512.
- Allocations are those of the thread that records.
- *ours / this* divides our time, in the first line of the work, by the peer's: of each the least, since whatever
  else a machine does only adds.
- A request is a trace of a caller's that has not decided, a segment, three subsegments with two annotations
  each (a text that is lent, a number), and their ends. *asked first* is code that looks whether a span
  records before it makes its attributes.
- The 50 rules have a literal host and a path that ends in `*`; the last one is for the request. Its rate asks
  for chance, and always gives the same answer. The Python SDK has them as centralized rules.

Repeat it with `cargo xtask bench`, which writes this file; it needs Python with venv, and valgrind for
instructions. `cargo xtask bench --check` fails where our instructions have grown by a tenth, where we allocate,
or where an unsampled request takes over a fifth of the time of opentelemetry_sdk's. `--json` prints JSON.
",
        date = says("date", "+%Y-%m-%d"),
        machine = machine(),
        rustc = says("rustc", "--version"),
        api = version("opentelemetry"),
        sdk = version("opentelemetry_sdk"),
        python = python.unwrap_or("no Python"),
        table = table(figures),
    )
}

fn number(value: f64) -> String {
    if value < 100.0 { format!("{value:.1}") } else { whole(value) }
}

fn whole(value: f64) -> String {
    let mut digits = format!("{value:.0}");
    // From the right, a comma before every third digit.
    let mut place = digits.len().saturating_sub(3);
    while place > 0 {
        digits.insert(place, ',');
        place = place.saturating_sub(3);
    }
    digits
}

fn dash() -> String {
    "-".to_owned()
}
