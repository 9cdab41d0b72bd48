//! `cargo xtask test`: every test of the workspace, one summary.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::process::{cargo, run, without_tracing};
use crate::setup;

const SCOPE: [&str; 2] = ["--workspace", "--all-features"];

/// `arguments` is what follows `test` on the command line: nothing, or `--` and filters.
pub(crate) fn run_all(root: &Path, arguments: &[String]) -> Result<(), String> {
    let filters = match arguments {
        [] => &[],
        [dashes, filters @ ..] if dashes == "--" => filters,
        [other, ..] => {
            return Err(format!(
                "test takes no {other:?}; filters follow `--`, as in `cargo xtask test -- NAME`"
            ));
        }
    };
    let mut report = Report::default();
    report.step("set-up", || setup::all(root))?;
    // All run even if the first fails, so that one run shows everything that is broken.
    let tests = report.step("tests", || tests(root, filters));
    let doctests = report.step("doctests", || doctests(root, filters));
    // It has no part that a filter would be worth.
    let model = filters.is_empty().then(|| report.step("model", || model(root)));
    report.print();
    tests.and(doctests).and(model.unwrap_or(Ok(())))
}

fn tests(root: &Path, filters: &[String]) -> Result<(), String> {
    let mut command = cargo(root);
    if has_nextest(root) {
        command.args(["nextest", "run", "--no-fail-fast"]).args(SCOPE);
        if !filters.is_empty() {
            // The filter may name a doctest only.
            command.arg("--no-tests=warn");
        }
    } else {
        command.arg("test").args(SCOPE);
        command.args(["--no-fail-fast", "--lib", "--bins", "--tests", "--examples"]);
    }
    run(without_tracing(&mut command).arg("--").args(filters))
}

fn doctests(root: &Path, filters: &[String]) -> Result<(), String> {
    let mut command = cargo(root);
    command.args(["test", "--quiet", "--doc"]).args(SCOPE);
    run(without_tracing(&mut command).arg("--").args(filters))
}

/// The model of how segments end, whose locks and threads are not the standard library's: in a folder
/// of its own, since the flag is one of every crate.
fn model(root: &Path) -> Result<(), String> {
    let mut command = cargo(root);
    command.args(["test", "--quiet", "-p", "xray-core", "--lib", "--target-dir", "target/model"]);
    command.env("RUSTFLAGS", "--cfg xray_model").args(["--", "model::"]);
    run(without_tracing(&mut command))
}

fn has_nextest(root: &Path) -> bool {
    cargo(root).args(["nextest", "--version"]).output().is_ok_and(|output| output.status.success())
}

#[derive(Default)]
struct Report {
    steps: Vec<(&'static str, bool, Duration)>,
}

impl Report {
    fn step(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<(), String>,
    ) -> Result<(), String> {
        let begin = Instant::now();
        let outcome = work();
        self.steps.push((name, outcome.is_ok(), begin.elapsed()));
        outcome
    }

    fn print(&self) {
        println!();
        for (name, passed, took) in &self.steps {
            let word = if *passed { "ok" } else { "FAILED" };
            println!("{name:<10} {word:<7} {:>7.1} s", took.as_secs_f64());
        }
    }
}
