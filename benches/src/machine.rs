//! Where figures were taken, of what, and on which core.

use std::{fs, process::Command};

const LOCK: &str = include_str!("../Cargo.lock");

#[derive(Clone, Copy)]
pub(crate) enum Core {
    First,
    /// The first ones serve interrupts.
    Last,
}

/// The command on one of the cores we may use, where `taskset` can say so.
pub(crate) fn pinned(command: &Command, core: Core) -> Command {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let cores = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let mut cores = cores.unwrap_or_default().trim().split([',', '-']);
    let chosen = match core {
        Core::First => cores.next(),
        Core::Last => cores.next_back(),
    };
    let has_taskset = Command::new("taskset").arg("--version").output().is_ok();
    let mut pinned = match chosen.filter(|chosen| has_taskset && !chosen.is_empty()) {
        Some(chosen) => {
            let mut pinned = Command::new("taskset");
            pinned.args(["--cpu-list", chosen]).arg(command.get_program());
            pinned
        }
        None => Command::new(command.get_program()),
    };
    pinned.args(command.get_args());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            pinned.env(name, value);
        }
    }
    pinned
}

/// The line that stands above each section: sections may be of different days.
pub(crate) fn stamp() -> String {
    format!(
        "{date}, {machine}, {rustc}, optimised with fat link-time optimisation.",
        date = says("date", "+%Y-%m-%d"),
        machine = machine(),
        rustc = says("rustc", "--version"),
    )
}

/// Processor, cores and kernel.
fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |text| text.trim_matches(['\t', ' ', ':']));
    let cores = info.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{model}, {cores} cores, {} {}", std::env::consts::OS, kernel.trim())
}

/// What a program prints about itself, such as the date.
fn says(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.unwrap_or_else(|_| format!("{program}: not known"))
}

/// Packages and the versions that were built.
pub(crate) fn versions(packages: &[&str]) -> String {
    versions_in(LOCK, packages)
}

/// The same by the `Cargo.lock` of another workspace.
pub(crate) fn versions_in(lock: &str, packages: &[&str]) -> String {
    let version = |package: &&str| format!("{package} {}", version(lock, package));
    packages.iter().map(version).collect::<Vec<_>>().join(", ")
}

fn version<'a>(lock: &'a str, package: &str) -> &'a str {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = "));
    version.map_or("not known", |text| text.trim_matches('"'))
}
