//! What does not depend on how busy the machine is: instructions and allocations, counted in
//! processes of their own.

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use xray_benches::Case;

/// Enough that what differs from start to start, such as the seed of a map, does not count.
const TIMES: u64 = 5_000;

/// Valgrind, which counts the instructions of a whole process.
pub(crate) struct Valgrind;

impl Valgrind {
    pub(crate) fn find() -> Result<Self, String> {
        output(Command::new("valgrind").arg("--version")).map(|_| Self).map_err(|error| {
            format!("valgrind does not run: on Debian, `apt-get install valgrind` ({error})")
        })
    }

    /// Instructions per operation: what twice as many operations cost more.
    pub(crate) fn instructions(&self, case: &Case) -> Result<f64, String> {
        let once = self.collected(case, TIMES)?;
        let twice = self.collected(case, 2 * TIMES)?;
        Ok((twice as f64 - once as f64) / TIMES as f64)
    }

    fn collected(&self, case: &Case, times: u64) -> Result<u64, String> {
        let program = sibling(None)?;
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        command.arg(program).args(["run", &case.id(), &times.to_string()]);
        let said = output(&mut command)?.stderr;
        let said = String::from_utf8_lossy(&said);
        said.lines()
            .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
            .ok_or_else(|| format!("valgrind does not say what it collected: {said}"))
    }
}

/// Allocations per operation, of every case.
pub(crate) fn allocations() -> Result<Vec<f64>, String> {
    let said = output(&mut Command::new(sibling(Some("allocations"))?))?.stdout;
    let said = String::from_utf8_lossy(&said);
    said.lines()
        .map(|line| line.parse().map_err(|_| format!("`allocations` says {line:?}")))
        .collect()
}

/// This program, or one that was built beside it.
fn sibling(name: Option<&str>) -> Result<PathBuf, String> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    Ok(name.map_or_else(|| here.clone(), |name| here.with_file_name(name)))
}

fn output(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?} ended with {}: {said}", output.status))
}
