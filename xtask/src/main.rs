//! The chores of this workspace, run as `cargo xtask NAME`.

mod bench;
mod process;
mod screenshots;
mod setup;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
The chores of this workspace.

Usage: cargo xtask <COMMAND> [OPTIONS]

Commands:
  test [-- FILTER...]  Install what the tests need, then run all of them
  setup                Install what the tests need, and nothing else
  bench                Measure what recording costs, next to the peers, into benches/RESULTS.md
    --only SECTION     One section, such as requests, sampling or lambda
    --quick            Requests in fewer rounds; writes nothing
    --json             End with one line of JSON, peers and their figures
    --check            Only count our instructions and allocations, and fail if they have grown
    --accept           Take what is counted now for what is checked from now on
  screenshots          Run the storefront and take the README's pictures of its console
  help                 Show this text

What the tests need is a Python with venv, Node 20 or newer with npm, Chromium, PostgreSQL, and valgrind for
the check of the benches. The Python and npm packages go into target/ and into folders that git ignores. Chromium is looked for at
/usr/bin/chromium; the environment variable CHROMIUM names another place.
The benches need the same Python, Node and valgrind.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        None | Some("help" | "-h" | "--help") => {
            print!("{HELP}");
            Ok(())
        }
        Some("test") => test::run_all(root(), &arguments[1..]),
        Some("setup") => setup::all(root()),
        Some("bench") => bench::run_all(root(), &arguments[1..]),
        Some("screenshots") => screenshots::take(root()),
        Some(other) => Err(format!("no command named {other:?}; `cargo xtask help` lists them")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's folder: this package sits right below it.
fn root() -> &'static Path {
    static ROOT: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    ROOT.get_or_init(|| {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        here.parent().unwrap_or(here).to_owned()
    })
}
