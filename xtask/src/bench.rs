//! `cargo xtask bench`: what sampling costs, next to the peers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{cargo, run, version, without_tracing};
use crate::setup;

/// `arguments` is what follows `bench` on the command line.
pub(crate) fn run_all(root: &Path, arguments: &[String]) -> Result<(), String> {
    let known = |argument: &&String| ["--check", "--json"].contains(&argument.as_str());
    if let Some(other) = arguments.iter().find(|argument| !known(argument)) {
        return Err(format!("bench takes no {other:?}; it takes `--check` and `--json`"));
    }
    let check = arguments.iter().any(|argument| argument == "--check");
    // Without it the table has no instructions, and says so; a check would check nothing.
    let valgrind = setup::valgrind();
    if check {
        valgrind?;
    } else {
        setup::python_packages(root)?;
    }
    let mut command = on_one_core(&build(root)?);
    if !check {
        command.arg("--python").arg(root.join("target/python-venv/bin/python"));
        command.arg("--results").arg(root.join("benches/RESULTS.md"));
    }
    run(without_tracing(&mut command).args(arguments).current_dir(root))
}

/// Builds the programs and gives the path of the one that measures.
fn build(root: &Path) -> Result<PathBuf, String> {
    // Under the workspace's own folder, which `cargo clean` empties.
    let target = root.join("target/benches");
    run(cargo(root)
        .args(["build", "--quiet", "--release", "--bins", "--manifest-path"])
        .arg(root.join("benches/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target))?;
    Ok(target.join("release/xray-benches"))
}

/// The last core that we may use, where `taskset` can say so: the first ones serve interrupts.
fn on_one_core(program: &Path) -> Command {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let cores = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let last = cores.and_then(|cores| cores.trim().rsplit([',', '-']).next());
    match last.filter(|_| version("taskset").is_some()) {
        Some(core) => {
            let mut command = Command::new("taskset");
            command.args(["--cpu-list", core]).arg(program);
            command
        }
        None => {
            eprintln!("xtask: no taskset (util-linux): figures will vary more");
            Command::new(program)
        }
    }
}
