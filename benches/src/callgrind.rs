//! Instructions, which do not depend on how busy the machine is.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::contenders::Contender;

/// The driver's function around what is measured.
const TOGGLE: &str = "--toggle-collect=*measured_burst*";

/// Whether valgrind is here, and if not, what to do.
pub(crate) fn find() -> Result<(), String> {
    let found = Command::new("valgrind").arg("--version").output();
    match found {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err("valgrind does not run: on Debian, `apt-get install valgrind`".to_owned()),
    }
}

/// Instructions per operation of the thread that does the work: what twice as many operations cost
/// more.
pub(crate) fn instructions(
    contender: &Contender,
    address: &str,
    work: &str,
    times: u64,
) -> Result<f64, String> {
    let once = collected(contender, address, work, times)?;
    let twice = collected(contender, address, work, 2 * times)?;
    Ok((twice as f64 - once as f64) / times as f64)
}

fn collected(contender: &Contender, address: &str, work: &str, times: u64) -> Result<u64, String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("xray-bench-{}-{number}.callgrind", std::process::id());
    let out = std::env::temp_dir().join(name);
    let program = contender.command(address);
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--separate-threads=yes", TOGGLE]);
    command.arg(format!("--callgrind-out-file={}", out.display()));
    command.arg(program.get_program()).args(program.get_args());
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start valgrind: {error}"))?;
    let mut input = child.stdin.take().ok_or("valgrind has no input")?;
    let asked = writeln!(input, "caller\t{work}\t{times}\t1");
    drop(input);
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let mut first = None;
    // A file for each thread, and one without figures.
    for thread in ["", "-01", "-02", "-03", "-04", "-05", "-06", "-07", "-08", "-09"] {
        let path = format!("{}{thread}", out.display());
        if thread == "-01" {
            first = fs::read_to_string(&path).ok();
        }
        let _ = fs::remove_file(&path);
    }
    let total = first.as_deref().and_then(|text| {
        text.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok())
    });
    match (asked, total) {
        (Ok(()), Some(total)) if total > 0 => Ok(total),
        _ => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!("callgrind counts nothing of {}, {work}: {said}", contender.name))
        }
    }
}
