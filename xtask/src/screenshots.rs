//! `cargo xtask screenshots`: the README's pictures, taken from the storefront's own console.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::process::{cargo, run};
use crate::setup;

/// Long enough for the map to fill and for the pictures to be taken; the storefront is ended earlier.
const PATIENCE: &str = "120s";

/// Runs the storefront and writes the pictures to `docs/images`.
pub(crate) fn take(root: &Path) -> Result<(), String> {
    setup::all(root)?;
    let folder = root.join("docs/images");
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
    run(cargo(root).args(["build", "--release", "--example", "storefront"]))?;
    let (_storefront, console) = Storefront::start(root)?;
    drive(root, &console, &folder)
}

fn drive(root: &Path, console: &str, folder: &Path) -> Result<(), String> {
    let mut driver = Command::new("node")
        .arg(root.join("tests/browser/screenshots.mjs"))
        .arg(console)
        .arg(folder)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start node: {error}"))?;
    // The driver ends when its standard input does, so it is held open until then.
    let _stdin = driver.stdin.take();
    match driver.wait() {
        Ok(status) if status.success() => Ok(()),
        outcome => Err(format!("tests/browser/screenshots.mjs failed: {outcome:?}")),
    }
}

/// The running storefront; killed on drop.
struct Storefront(Child);

impl Storefront {
    /// Starts it and waits for the address of its console.
    fn start(root: &Path) -> Result<(Self, String), String> {
        let child = cargo(root)
            .args([
                "run",
                "--quiet",
                "--release",
                "--example",
                "storefront",
                "--",
                "--for",
                PATIENCE,
            ])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start the storefront: {error}"))?;
        let mut storefront = Self(child);
        let stdout = storefront.0.stdout.take().ok_or("the storefront has no output")?;
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let console = lines
            .find_map(|line| console_url(&line))
            .ok_or("the storefront ended without telling where its console is")?;
        // It writes on: a closed pipe would end it.
        std::thread::spawn(move || lines.for_each(drop));
        Ok((storefront, console))
    }
}

impl Drop for Storefront {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The first address of the line that speaks of the console, without its path.
fn console_url(line: &str) -> Option<String> {
    const SCHEME: &str = "http://";
    if !line.contains("console") {
        return None;
    }
    let (_, address) = line.split_once(SCHEME)?;
    let end = address.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(address.len());
    Some(format!("{SCHEME}{}", &address[..end]))
}
