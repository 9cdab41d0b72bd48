//! Tells the crate which compiler built it: X-Ray's `service.runtime_version` of every segment.

use std::{env, process::Command};

fn main() {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .and_then(|text| text.split_whitespace().nth(1).map(str::to_owned))
        .unwrap_or_else(|| "unknown".into());
    println!("cargo:rustc-env=XRAY_RUSTC_VERSION={version}");
    // Set for the model test, which `cargo xtask test` runs.
    println!("cargo:rustc-check-cfg=cfg(xray_model)");
    println!("cargo:rerun-if-changed=build.rs");
}
