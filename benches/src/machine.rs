//! Where figures were taken, and of what.

use std::{fs, process::Command};

const LOCK: &str = include_str!("../Cargo.lock");

/// Processor, cores and kernel.
pub(crate) fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |text| text.trim_matches(['\t', ' ', ':']));
    let cores = info.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{model}, {cores} cores, {} {}", std::env::consts::OS, kernel.trim())
}

/// What a program prints about itself, such as the date.
pub(crate) fn says(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.unwrap_or_else(|_| format!("{program}: not known"))
}

/// The version of a package that this program was built with.
pub(crate) fn version(package: &str) -> &'static str {
    let name = format!("name = \"{package}\"");
    let mut lines = LOCK.lines().skip_while(|line| *line != name);
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = "));
    version.map_or("not known", |text| text.trim_matches('"'))
}
