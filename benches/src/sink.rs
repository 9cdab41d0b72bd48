use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    Options,
    machine::{Core, pinned},
    program::Program,
};

/// How long documents may stay in the kernel's buffer after their sender is done.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process that receives.
pub(crate) struct Sink {
    program: Program,
    addresses: Value,
}

/// What it has received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) documents: u64,
    pub(crate) document_bytes: u64,
    pub(crate) export_bytes: u64,
}

impl Sink {
    /// On the first core: contenders are free to use all of them.
    pub(crate) fn start(options: &Options) -> Result<Self, String> {
        let mut command = pinned(&Command::new(options.program("bench-sink")), Core::First);
        let mut program = Program::start("the sink", &mut command)?;
        let line = program.line()?;
        let addresses = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        Ok(Self { program, addresses })
    }

    /// `udp`, `http` or `grpc`.
    pub(crate) fn address(&self, road: &str) -> &str {
        self.addresses[road].as_str().unwrap_or_default()
    }

    pub(crate) fn received(&mut self) -> Result<Received, String> {
        let answer = self.program.ask("")?;
        let count = |name: &str| answer[name].as_u64().unwrap_or(0);
        Ok(Received {
            documents: count("documents"),
            document_bytes: count("document_bytes"),
            export_bytes: count("export_bytes"),
        })
    }

    /// What it has received once it has received so many documents and no more come.
    pub(crate) fn settled(&mut self, documents: u64) -> Result<Received, String> {
        let patience = Instant::now() + PATIENCE;
        let mut before = self.received()?;
        loop {
            thread::sleep(Duration::from_millis(2));
            let received = self.received()?;
            let settled = received == before && received.documents >= documents;
            if settled || Instant::now() > patience {
                return Ok(received);
            }
            before = received;
        }
    }
}

impl Received {
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            documents: self.documents - before.documents,
            document_bytes: self.document_bytes - before.document_bytes,
            export_bytes: self.export_bytes - before.export_bytes,
        }
    }
}
