//! Where `cargo xtask test` put what it installed, and the commands that start it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The Flask app of `tests/peers`, to be started with the daemon's address.
///
/// # Panics
/// When its packages are not installed.
#[must_use]
pub fn flask_app() -> Command {
    let python = root().join("target/python-venv/bin/python");
    let mut command = clean(&installed(python));
    command.arg(root().join("tests/peers/flask_app.py"));
    command
}

/// moto, which stands in for AWS.
///
/// # Panics
/// When its packages are not installed.
#[must_use]
pub fn moto() -> Command {
    let python = root().join("target/python-venv/bin/python");
    let mut command = clean(&installed(python));
    command.arg(root().join("tests/peers/moto_app.py"));
    command
}

/// The linter for templates of AWS stacks.
///
/// # Panics
/// When it is not installed.
#[must_use]
pub fn cfn_lint() -> Command {
    clean(&installed(root().join("target/python-venv/bin/cfn-lint")))
}

/// What turns a template of SAM into the one that is deployed.
///
/// # Panics
/// When its packages are not installed.
#[must_use]
pub fn deployed_template(template: &Path) -> Command {
    let python = root().join("target/python-venv/bin/python");
    let mut command = clean(&installed(python));
    command.arg(root().join("tests/peers/deployed.py")).arg(template);
    command
}

/// boto3 under the official Python SDK, to be started with an endpoint and the daemon's address.
///
/// # Panics
/// When its packages are not installed.
#[must_use]
pub fn aws_calls() -> Command {
    let python = root().join("target/python-venv/bin/python");
    let mut command = clean(&installed(python));
    command.arg(root().join("tests/peers/aws_calls.py"));
    command
}

/// The official Python SDK, driven by the lines of a recording script.
///
/// # Panics
/// When its packages are not installed.
#[must_use]
pub fn python_script() -> Command {
    let python = root().join("target/python-venv/bin/python");
    let mut command = clean(&installed(python));
    command.arg(root().join("tests/peers/script.py"));
    command
}

/// The Express app of `tests/peers`, to be started with the daemon's address.
///
/// # Panics
/// When its packages are not installed.
#[must_use]
pub fn express_app() -> Command {
    installed(root().join("tests/peers/node_modules/aws-xray-sdk-core"));
    let mut command = clean(Path::new("node"));
    command.arg(root().join("tests/peers/express_app.js"));
    command
}

/// A script of `tests/browser`, with the browser it drives in the variable `CHROMIUM`.
///
/// # Panics
/// When its packages or the browser are not installed.
#[must_use]
pub fn browser_script(name: &str) -> Command {
    installed(root().join("tests/browser/node_modules/playwright-core"));
    let chromium = std::env::var_os("CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".into());
    let chromium = installed(chromium.into());
    let mut command = clean(Path::new("node"));
    command.arg(root().join("tests/browser").join(name)).env("CHROMIUM", chromium);
    command
}

/// A sampler of the official Python SDK, to be started with a service and the daemon's address.
///
/// # Panics
/// When its packages are not installed.
#[must_use]
pub fn python_sampler() -> Command {
    let python = root().join("target/python-venv/bin/python");
    let mut command = clean(&installed(python));
    command.arg(root().join("tests/peers/sampler.py"));
    command
}

/// The program `xrayd`.
///
/// # Panics
/// When it is not built.
#[must_use]
pub fn xrayd() -> Command {
    program("xrayd")
}

/// A program of the workspace, as cargo built it beside the tests.
///
/// # Panics
/// When it is not built.
#[must_use]
pub fn program(name: &str) -> Command {
    let test = std::env::current_exe().expect("the test's own path");
    // target/debug/deps/test-0123 and target/debug/xrayd
    let folder = test.ancestors().nth(2).expect("a folder of tests in a folder of programs");
    let mut command =
        clean(&installed(folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))));
    // Nor may it find credentials in the files of whoever runs the tests, or ask the machine for them.
    for name in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
        command.env(name, "/dev/null");
    }
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// A command without the variables that would win over what a test says.
#[must_use]
pub fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let known = name.to_string_lossy().to_ascii_uppercase();
        if known.starts_with("AWS_") || known.ends_with("_PROXY") {
            command.env_remove(name);
        }
    }
    command
}

pub(crate) fn installed(path: PathBuf) -> PathBuf {
    assert!(
        path.exists(),
        "{} is not there: run `cargo xtask test`, which installs what the tests need",
        path.display()
    );
    path
}

fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}
