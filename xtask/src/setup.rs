//! Installs what the tests need. A step that cannot be done fails and says what to install:
//! a test that is skipped in silence proves nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{run, version};

const STAMP: &str = ".stamp";
const OLDEST_NODE: u32 = 20;

/// Does every step; those whose stamp is up to date cost a file read.
pub(crate) fn all(root: &Path) -> Result<(), String> {
    python_packages(root)?;
    npm_packages(&root.join("tests/peers"))?;
    npm_packages(&root.join("tests/browser"))?;
    valgrind()?;
    postgresql()?;
    chromium()
}

/// The official Python SDK, Flask, moto and cfn-lint, in a virtual environment of their own.
pub(crate) fn python_packages(root: &Path) -> Result<(), String> {
    let python = program("python3", &["python3", "python3-venv"])?;
    let requirements = root.join("tests/peers/requirements.txt");
    let venv = root.join("target/python-venv");
    let wanted = format!("{python}\n{}", read(&requirements)?);
    if stamped(&venv, &wanted) {
        return Ok(());
    }
    println!("xtask: installing the Python packages of tests/peers");
    remove(&venv)?;
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv)).map_err(|error| {
        format!(
            "{error}; Python's venv module is needed: on Debian, `apt-get install python3-venv`"
        )
    })?;
    run(Command::new(venv.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--requirement"])
        .arg(&requirements))
    .map_err(|error| format!("{error}; pip needs a package index it can reach"))?;
    stamp(&venv, &wanted)
}

/// The packages of a folder's lock file, in its `node_modules`.
pub(crate) fn npm_packages(folder: &Path) -> Result<(), String> {
    let node = program("node", &["nodejs"])?;
    let major = node.trim_start_matches('v').split('.').next();
    if !major.is_some_and(|major| major.parse().is_ok_and(|major: u32| major >= OLDEST_NODE)) {
        return Err(format!("node {node} is too old; install Node {OLDEST_NODE} or newer"));
    }
    program("npm", &["npm"])?;
    let modules = folder.join("node_modules");
    let wanted = format!("{node}\n{}", read(&folder.join("package-lock.json"))?);
    if stamped(&modules, &wanted) {
        return Ok(());
    }
    println!("xtask: installing the npm packages of {}", folder.display());
    run(Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(folder))
    .map_err(|error| format!("{error}; npm needs a registry it can reach"))?;
    stamp(&modules, &wanted)
}

/// Counts instructions, for the benches and their check.
pub(crate) fn valgrind() -> Result<(), String> {
    program("valgrind", &["valgrind"]).map(drop)
}

/// Puts servers under load; only the benches need it, and they say so if it is missing.
pub(crate) fn wrk() {
    // Its `--version` counts as a failure, so whether it can be started is all that is asked.
    if Command::new("wrk").arg("--version").output().is_err() {
        apt_install(&["wrk"]);
    }
}

/// The database server that queries are recorded to; each test that needs one starts its own.
fn postgresql() -> Result<(), String> {
    if has_postgresql() {
        return Ok(());
    }
    apt_install(&["postgresql"]);
    if has_postgresql() {
        return Ok(());
    }
    Err("PostgreSQL is missing: on Debian, `apt-get install postgresql`; elsewhere install its server and \
         put its `initdb` and `postgres` on the PATH"
        .to_owned())
}

/// Debian keeps the programs of the server off the PATH, by version.
fn has_postgresql() -> bool {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let complete = |programs: &Path| {
        ["initdb", "postgres"].iter().all(|name| version(programs.join(name)).is_some())
    };
    versions.map(|version| version.path().join("bin")).any(|programs| complete(&programs))
        || complete(Path::new(""))
}

/// The browser: too big to install for one workspace, so the system's own is used.
fn chromium() -> Result<(), String> {
    let (path, chosen) = match std::env::var_os("CHROMIUM") {
        Some(path) => (PathBuf::from(path), true),
        None => (PathBuf::from("/usr/bin/chromium"), false),
    };
    if version(&path).is_some() {
        return Ok(());
    }
    if chosen {
        return Err(format!(
            "the environment variable CHROMIUM names {}, which does not run",
            path.display()
        ));
    }
    apt_install(&["chromium"]);
    version(&path).map(drop).ok_or_else(|| {
        "Chromium is missing: on Debian, `apt-get install chromium`; elsewhere install it and set CHROMIUM to its path"
            .to_owned()
    })
}

/// The version of a program that has to be there, installed with apt-get if it can be.
fn program(name: &str, packages: &[&str]) -> Result<String, String> {
    if let Some(version) = version(name) {
        return Ok(version);
    }
    apt_install(packages);
    version(name).ok_or_else(|| {
        format!(
            "{name} is missing: on Debian, `apt-get install {}`; elsewhere install it and put it on the PATH",
            packages.join(" ")
        )
    })
}

/// Tries only: whoever calls looks whether the program is there afterwards.
fn apt_install(packages: &[&str]) {
    if !is_root() || version("apt-get").is_none() {
        return;
    }
    println!("xtask: apt-get install {}", packages.join(" "));
    let apt = |arguments: &[&str]| {
        run(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
    let outcome =
        apt(&["update", "--quiet"]).and_then(|()| apt(&[&install[..], packages].concat()));
    if let Err(error) = outcome {
        eprintln!("xtask: {error}");
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// A stamp lies inside the folder it speaks for: whoever deletes the folder deletes it as well.
fn stamped(folder: &Path, wanted: &str) -> bool {
    fs::read_to_string(folder.join(STAMP)).is_ok_and(|found| found == wanted)
}

fn stamp(folder: &Path, wanted: &str) -> Result<(), String> {
    let path = folder.join(STAMP);
    fs::write(&path, wanted).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn remove(folder: &Path) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot remove {}: {error}", folder.display()))
        }
        _ => Ok(()),
    }
}
