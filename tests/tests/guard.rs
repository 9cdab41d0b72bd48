//! `let _ = xray.install();` drops the guard at once. Clippy says so with nothing switched on, since
//! the guard is a future; what rustc says is among the compiler tests of `xray-core`.

use std::{fs, path::Path, process::Command};

const MAIN: &str = r#"
fn main() {
    let xray = xray_core::Recorder::builder("orders").build().unwrap();
    let _ = xray.install();
}
"#;

#[test]
fn a_guard_that_is_dropped_at_once_is_warned_of() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dropped_guard");
    fs::create_dir_all(project.join("src")).expect("a folder");
    let manifest = format!(
        "[package]\nname = \"dropped_guard\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\nxray-core = {{ path = {:?} }}\n\n[workspace]\n",
        root.join("xray-core")
    );
    fs::write(project.join("Cargo.toml"), manifest).expect("a file");
    fs::write(project.join("src/main.rs"), MAIN).expect("a file");
    // The versions of the workspace are here already.
    fs::copy(root.join("Cargo.lock"), project.join("Cargo.lock")).expect("a file");
    let output = Command::new(env!("CARGO"))
        .args(["clippy", "--offline", "--quiet", "--target-dir"])
        .arg(project.join("target"))
        .current_dir(&project)
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "it is a warning: {said}");
    assert!(said.contains("non-binding `let` on a future"), "{said}");
}
