//! `cargo xtask bench`: what recording costs, next to the peers.

use std::path::{Path, PathBuf};

use crate::process::{cargo, run, without_tracing};
use crate::setup;

/// Built in one go each: what one program asks of a shared dependency must not change another one.
/// The first ones are all that a check needs.
const OURS: &[&str] = &["xray-benches", "bench-ours"];
const REQUESTS: &[&[&str]] = &[OURS, &["bench-bridge"], &["bench-peers"], &["bench-sink"]];

const FLAGS: [&str; 4] = ["--accept", "--check", "--json", "--quick"];

/// `arguments` is what follows `bench` on the command line.
pub(crate) fn run_all(root: &Path, arguments: &[String]) -> Result<(), String> {
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let known = FLAGS.contains(&word.as_str()) || word == "--only" && words.next().is_some();
        if !known {
            return Err(format!("bench takes no {word:?}; `cargo xtask help` says what it takes"));
        }
    }
    let asks = |flag: &str| arguments.iter().any(|argument| argument == flag);
    // Without it there are no instructions, and the report says so; a check would check nothing.
    let valgrind = setup::valgrind();
    let peers = root.join("tests/peers");
    let counts = asks("--check") || asks("--accept");
    if counts {
        valgrind?;
    } else {
        setup::python_packages(root)?;
        setup::npm_packages(&peers)?;
        if !asks("--quick") {
            setup::wrk();
        }
    }
    let packages = if counts { &[OURS][..] } else { REQUESTS };
    packages.iter().try_for_each(|packages| build(root, packages))?;
    let mut command = std::process::Command::new(target(root).join("release/xray-benches"));
    if !counts {
        command.arg("--python").arg(root.join("target/python-venv/bin/python"));
        command.arg("--node").arg(peers);
    }
    run(without_tracing(&mut command).args(arguments).current_dir(root))
}

fn build(root: &Path, packages: &[&str]) -> Result<(), String> {
    let mut command = cargo(root);
    command.args(["build", "--quiet", "--release", "--bins", "--manifest-path"]);
    command.arg(root.join("benches/Cargo.toml")).arg("--target-dir").arg(target(root));
    for package in packages {
        command.args(["--package", package]);
    }
    run(&mut command)
}

/// Under the workspace's own folder, which `cargo clean` empties.
fn target(root: &Path) -> PathBuf {
    root.join("target/benches")
}
