use std::{
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{processor, program::Program};

/// How long documents may be on their way after their sender is done.
const PATIENCE: Duration = Duration::from_secs(5);

/// `xrayd` with the settings of one that is told nothing, but that nothing leaves this machine and that its ports
/// are free ones.
pub(crate) struct Daemon {
    program: Program,
    pub(crate) udp: String,
    console: String,
}

/// What it says has become of datagrams, since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) received: u64,
    /// Checked and kept.
    pub(crate) accepted: u64,
    pub(crate) rejected: u64,
    /// By the kernel, and by either half of xrayd because the next one was behind.
    pub(crate) dropped: u64,
}

impl Daemon {
    pub(crate) fn start(program: &Path) -> Result<Self, String> {
        let mut command = Command::new(program);
        let free = "127.0.0.1:0";
        command.args(["--bind", free, "--bind-tcp", free, "--console", free, "--relay", "off"]);
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        let mut program = Program::start("xrayd", &mut command)?;
        let after = |line: &str, word: &str| {
            let rest = line.split_once(word).map(|(_, rest)| rest.trim_start());
            let address = rest.and_then(|rest| rest.split_whitespace().next());
            address.map(str::to_owned).ok_or_else(|| format!("no {word:?} in {line:?} of xrayd"))
        };
        let udp = after(&program.line()?, " UDP ")?;
        let console = after(&program.line()?, "console ")?;
        Ok(Self { program, udp, console })
    }

    pub(crate) fn counts(&self) -> Result<Counts, String> {
        let url = format!("{}/api/status", self.console.trim_end_matches('/'));
        let answer = minreq::get(&url).with_timeout(10).send();
        let answer = answer.map_err(|error| format!("{url}: {error}"))?;
        let answer: Value = serde_json::from_slice(answer.as_bytes())
            .map_err(|error| format!("{url} answers no JSON: {error}"))?;
        let status = &answer["status"];
        let count = |value: &Value, name: &str| {
            value[name].as_u64().ok_or_else(|| format!("no {name:?} in the answer of {url}"))
        };
        let rejected = status["rejected"].as_array().into_iter().flatten();
        let rejected: u64 =
            rejected.map(|rejected| count(rejected, "count")).sum::<Result<_, _>>()?;
        let overflowed = count(status, "overflowed")?;
        Ok(Counts {
            received: count(status, "datagrams")?,
            // The console counts those it had to give up as well.
            accepted: count(status, "accepted")? - overflowed,
            rejected,
            dropped: count(status, "dropped")? + count(status, "kernel_drops")? + overflowed,
        })
    }

    /// The counts once so many have come, or no more come; what the kernel dropped is told once a second.
    pub(crate) fn settled(&self, sent: u64) -> Result<Counts, String> {
        let patience = Instant::now() + PATIENCE;
        loop {
            let counts = self.counts()?;
            if counts.fates() >= sent || Instant::now() > patience {
                return Ok(counts);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it has used of the processor, in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        processor::seconds(self.program.id())
    }
}

impl Counts {
    /// How many have met their fate.
    pub(crate) fn fates(self) -> u64 {
        self.accepted + self.rejected + self.dropped
    }
}
