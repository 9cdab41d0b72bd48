//! Programs that only one section needs, so that the other ones do not wait for them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::Options;

/// The cargo that started us, so that a pinned toolchain stays in force.
pub(crate) fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    command
}

/// Where this program was built.
pub(crate) fn target() -> Result<PathBuf, String> {
    let here = env::current_exe().map_err(|error| error.to_string())?;
    let target = here.ancestors().nth(2).ok_or("this program lies in no target folder")?;
    Ok(target.to_owned())
}

/// A program of this workspace, put where ours is.
pub(crate) fn sibling(package: &str) -> Result<PathBuf, String> {
    build(cargo(Options::source()), package, "", Some(&target()?))
}

/// A program of `lambda/`, built alone. A copy, since one with other features would lie at the same place.
pub(crate) fn function(package: &str, features: &str) -> Result<PathBuf, String> {
    let target = target()?.join("lambda");
    let program =
        build(cargo(&Options::source().join("lambda")), package, features, Some(&target))?;
    let copy = target.join(format!("{package}-{features}").trim_end_matches('-'));
    fs::copy(&program, &copy).map_err(|error| format!("cannot copy {package}: {error}"))?;
    Ok(copy)
}

/// `xrayd` as its users build it.
pub(crate) fn xrayd() -> Result<PathBuf, String> {
    let root = Options::source().parent().ok_or("the benches lie in no folder")?;
    build(cargo(root), "xray-daemon", "", None)
}

fn build(
    mut command: Command,
    package: &str,
    features: &str,
    target: Option<&Path>,
) -> Result<PathBuf, String> {
    eprintln!("bench: building {package}");
    command.args(["build", "--quiet", "--release", "--bins", "--package", package]);
    command.args(["--features", features]);
    command.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit());
    if let Some(target) = target {
        command.arg("--target-dir").arg(target);
    }
    let output = command.output().map_err(|error| format!("cannot start {command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?} ended with {}", output.status));
    }
    // Of all that cargo says about what it built, the last program.
    let said = String::from_utf8_lossy(&output.stdout);
    let messages = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs =
        messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    programs.next_back().ok_or_else(|| format!("{package} has no program"))
}
