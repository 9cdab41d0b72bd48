//! What tracing adds to the build of a server, and to its program.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Instant,
};

use serde_json::{Value, json};

use crate::{
    Options, Section, build,
    machine::stamp,
    processor,
    table::{number, row, table},
};

/// A package of `hello/` without its prefix, as the JSON names it, and what it is.
const PROGRAMS: [(&str, &str, &str); 6] = [
    ("plain", "plain", "axum alone"),
    ("xray", "xray", "xray-tower, UDP"),
    ("otel", "otel-http", "opentelemetry, instrumentation-tower, OTLP http"),
    ("tracing-otel", "tracing-otel", "tower-http, tracing-opentelemetry, OTLP http"),
    ("otel-aws", "otel-aws", "opentelemetry, instrumentation-tower, opentelemetry-aws"),
    ("fastrace", "fastrace", "fastrace, fastrace-axum, OTLP http"),
];

const NOTES: &str = "\
- Six programs of `benches/hello`, in the words of each library's own documentation. Each is built alone with
  `cargo build --release` and its defaults, so without link-time optimisation, from nothing but the sources, and stripped.
- CPU is that of cargo and all compilers; with other work on the machine it varies less than the time that passes. Crates
  are those of `cargo tree` for normal and build dependencies, the program itself left out.
- `target/hello/PROGRAM/cargo-timings` has what `--timings` says of each build.
";

/// One program.
struct Line {
    package: &'static str,
    name: &'static str,
    what: &'static str,
    crates: f64,
    /// Seconds.
    cpu: f64,
    wall: f64,
    bytes: f64,
}

pub(crate) fn run(_: &Options) -> Result<Section, String> {
    let workspace = Hello::find()?;
    workspace.cargo(&["fetch", "--quiet"])?;
    let mut lines = Vec::new();
    for (package, name, what) in PROGRAMS {
        eprintln!("bench: building {what}");
        lines.push(workspace.line(package, name, what)?);
    }
    let plain = &lines[0];
    let text = format!("{}\n\n{}\n{NOTES}", stamp(), programs_table(&lines, plain));
    let programs: serde_json::Map<_, _> =
        lines.iter().map(|line| (line.name.to_owned(), line.json())).collect();
    let json = json!({"programs": programs});
    Ok(Section { title: "Build cost".to_owned(), text, json })
}

/// The workspace of these programs, and where they are built.
struct Hello {
    source: PathBuf,
    target: PathBuf,
}

impl Hello {
    fn find() -> Result<Self, String> {
        Ok(Self { source: Options::source().join("hello"), target: build::target()?.join("hello") })
    }

    /// What cargo says.
    fn cargo(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = build::cargo(&self.source);
        let output = command.args(arguments).stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| format!("cannot start {command:?}: {error}"))?;
        if !output.status.success() {
            return Err(format!("{command:?} ended with {}", output.status));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn crates(&self, package: &str) -> Result<f64, String> {
        let package = format!("hello-{package}");
        let tree =
            ["tree", "--offline", "--edges", "normal,build", "--prefix", "none", "--package"];
        let tree = self.cargo(&[&tree[..], &[&package]].concat())?;
        // A name and a version; what follows may differ where a crate is shown a second time.
        let name = |line: &str| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        let crates: BTreeSet<_> = tree.lines().map(name).filter(|name| !name.is_empty()).collect();
        Ok(crates.len() as f64 - 1.0)
    }

    /// Builds a program, and says what that took.
    fn line(
        &self,
        package: &'static str,
        name: &'static str,
        what: &'static str,
    ) -> Result<Line, String> {
        let crates = self.crates(package)?;
        let target = self.target.join(package);
        clear(&target)?;
        let program = format!("hello-{package}");
        let (before, begin) = (processor::seconds_of_ended(), Instant::now());
        self.cargo(&[
            "build",
            "--quiet",
            "--offline",
            "--release",
            "--timings",
            "--package",
            &program,
            "--target-dir",
            &target.display().to_string(),
        ])?;
        let wall = begin.elapsed().as_secs_f64();
        let cpu = processor::seconds_of_ended() - before;
        let path = target.join("release").join(program);
        let size =
            fs::metadata(&path).map_err(|error| format!("no {}: {error}", path.display()))?;
        Ok(Line { package, name, what, crates, cpu, wall, bytes: size.len() as f64 })
    }
}

impl Line {
    /// Crates, seconds of the processor, seconds, and kilobytes.
    fn figures(&self) -> [f64; 4] {
        [self.crates, self.cpu, self.wall, self.bytes / 1e3]
    }

    fn cells(&self, plain: &Self) -> Vec<String> {
        let mut cells = vec![self.what.to_owned()];
        for (figure, plain) in self.figures().into_iter().zip(plain.figures()) {
            cells.push(shown(figure));
            let added = figure - plain;
            cells.push(if self.package == "plain" { "-".to_owned() } else { shown(added) });
        }
        cells
    }

    fn json(&self) -> Value {
        let [crates, cpu, wall, _] = self.figures();
        json!({"crates": crates, "cpu_s": cpu, "wall_s": wall, "bytes": self.bytes})
    }
}

fn programs_table(lines: &[Line], plain: &Line) -> String {
    let mut rows = vec![row([
        "program",
        "crates",
        "added",
        "CPU, s",
        "added",
        "passed, s",
        "added",
        "KB",
        "added",
    ])];
    rows.extend(lines.iter().map(|line| line.cells(plain)));
    table(1, &rows)
}

fn shown(value: f64) -> String {
    number((value * 10.0).round() / 10.0)
}

fn clear(folder: &Path) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot clear {}: {error}", folder.display()))
        }
        _ => Ok(()),
    }
}
