//! Each script through this SDK and through the official Python SDK: answers and whole documents are
//! the same, but for what `differences.json` lists with a reason.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};
use xray_tests::compare::{Difference, Table, differences};

use crate::corpus::{Script, all, folder};
use crate::drivers::{ours, python, run};
use crate::normal::normal;

/// Drivers that run at a time.
const RUNS: usize = 4;

#[test]
fn differential() {
    let mut table = Table::read(&folder().join("differences.json"));
    let mut report = Report::default();
    for (script, found, skipped) in compare(&all()) {
        report.skipped += skipped;
        let unknown = table.explain(&script, found.clone());
        report.note(&script, found.is_empty(), unknown);
    }
    let text = report.text(&table);
    // Past the test harness, which keeps what a passing test prints.
    writeln!(std::io::stderr(), "{text}").expect("stderr");
    assert!(report.unknown.is_empty(), "differences that are not listed:\n{}", report.unknown);
    let outdated = table.outdated();
    assert!(outdated.is_empty(), "listed, and no longer so:\n{}", outdated.join("\n"));
}

/// Name, differences and skipped answers of each script, in order.
fn compare(scripts: &[Script]) -> Vec<(String, Vec<Difference>, usize)> {
    let next = AtomicUsize::new(0);
    let compared = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..RUNS {
            scope.spawn(|| {
                while let Some(script) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (found, skipped) = compare_one(script);
                    let one = (script.name.clone(), found, skipped);
                    compared.lock().expect("no panic").push(one);
                }
            });
        }
    });
    let mut compared = compared.into_inner().expect("no panic");
    compared.sort_by(|one, other| one.0.cmp(&other.0));
    compared
}

fn compare_one(script: &Script) -> (Vec<Difference>, usize) {
    let one = |driver| run(driver, script.text.as_bytes(), &script.variables);
    let mut ours = normal(&one(ours()), &script.text);
    let mut python = normal(&one(python()), &script.text);
    let skipped = skip_unsupported(&mut ours, &mut python);
    (differences(&ours, &python), skipped)
}

/// Takes out the answers to what the Python SDK has no means for.
fn skip_unsupported(ours: &mut Value, python: &mut Value) -> usize {
    let mut skipped = 0;
    let (Value::Array(ours), Value::Array(python)) = (&mut ours["answers"], &mut python["answers"])
    else {
        return 0;
    };
    for (ours, python) in ours.iter_mut().zip(python) {
        if *python == json!({"unsupported": true}) {
            *ours = python.clone();
            skipped += 1;
        }
    }
    skipped
}

#[derive(Default)]
struct Report {
    scripts: Vec<(String, bool)>,
    skipped: usize,
    unknown: String,
}

impl Report {
    fn note(&mut self, script: &str, same: bool, unknown: Vec<Difference>) {
        for difference in unknown {
            let _ = writeln!(self.unknown, "{script}{difference}");
        }
        self.scripts.push((script.to_owned(), same));
    }

    fn text(&self, table: &Table) -> String {
        let special = |script: &String| {
            table
                .rows
                .iter()
                .enumerate()
                .any(|(index, row)| row.is_special() && table.needed_by(index).contains(script))
        };
        let exact = self.scripts.iter().filter(|(_, same)| *same).count();
        let differ = self.scripts.iter().filter(|(script, _)| special(script)).count();
        let mut text = format!(
            "{} scripts through both SDKs: {exact} agree exactly, {} but for the form that Python \
             gives every document, {differ} differ by a rule of their own; {} answers skipped that \
             Python has no means for\n",
            self.scripts.len(),
            self.scripts.len() - exact - differ,
            self.skipped,
        );
        for (index, row) in table.rows.iter().enumerate() {
            let scripts = table.needed_by(index);
            let _ = match row.is_special() {
                true => writeln!(text, "  {}: {}", scripts.join(", "), row.reason),
                false => writeln!(text, "  ({} scripts) {}", scripts.len(), row.reason),
            };
        }
        text
    }
}
