//! Running other programs, and saying clearly which one failed.

use std::path::Path;
use std::process::{Command, Stdio};

/// Runs the command with its output on our terminal.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let status =
        command.status().map_err(|error| format!("cannot start {}: {error}", shown(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", shown(command))) }
}

/// What the program prints for `--version`, or nothing when it cannot be run.
pub(crate) fn version(program: impl AsRef<Path>) -> Option<String> {
    let output = Command::new(program.as_ref())
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The cargo that started us, so that a pinned toolchain stays in force.
pub(crate) fn cargo(root: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root);
    command
}

/// The SDK obeys these variables, and our programs expect that nobody has set them.
pub(crate) fn without_tracing(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("AWS_XRAY_") || name == "LAMBDA_TASK_ROOT" || name == "_X_AMZN_TRACE_ID"
        {
            command.env_remove(&*name);
        }
    }
    command
}

fn shown(command: &Command) -> String {
    let mut text = format!("`{}", command.get_program().to_string_lossy());
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text.push('`');
    text
}
