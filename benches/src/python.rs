//! The official SDK, in a process that does what it is told and tells how long it took.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use xray_benches::Work;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/peer.py");

pub(crate) const BY: &str = "aws-xray-sdk (Python)";

pub(crate) struct Python {
    child: Child,
    /// Taken when it ends: it ends with its input.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    pub(crate) version: String,
    works: Vec<String>,
}

impl Python {
    pub(crate) fn start(program: &Path) -> Result<Self, String> {
        let mut child = Command::new(program)
            .arg(SCRIPT)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("Python has no output")?;
        let output = BufReader::new(output);
        let (version, works) = (String::new(), Vec::new());
        let mut python = Self { child, input, output, version, works };
        python.version = python.line()?;
        python.works = python.line()?.split('\t').map(str::to_owned).collect();
        Ok(python)
    }

    pub(crate) fn does(&self, work: Work) -> bool {
        self.works.iter().any(|name| name == work.name())
    }

    pub(crate) fn run(&mut self, work: Work, times: u64) -> Result<Duration, String> {
        let input = self.input.as_mut().ok_or("Python has ended")?;
        writeln!(input, "{times}\t{}", work.name()).map_err(|error| error.to_string())?;
        let answer = self.line()?;
        let nanoseconds = answer.parse().map_err(|_| format!("Python says {answer:?}"))?;
        Ok(Duration::from_nanos(nanoseconds))
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(0) => Err(format!("{SCRIPT} ended early; what it says is above")),
            Ok(_) => Ok(line.trim_end_matches('\n').to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        drop(self.input.take());
        // It may have ended by itself, which is as good.
        let _ = self.child.wait();
    }
}
