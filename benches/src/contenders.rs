//! Who takes part, and the programs that do their work.

use std::{path::PathBuf, process::Command};

use serde_json::Value;

use crate::{Options, program::Program, sink::Sink};

/// A contender: a program with a part of its own.
#[derive(Clone, Debug)]
pub(crate) struct Contender {
    /// As the JSON names it.
    pub(crate) name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    /// Where it sends to; the sink's name for it.
    pub(crate) road: &'static str,
    /// Whether it is one of the scripts, which are slow, and whose instructions nobody counts.
    pub(crate) is_script: bool,
}

/// Everybody who traces requests, ours first.
pub(crate) fn all(options: &Options) -> Vec<Contender> {
    let peer = |name: &'static str, road| native(options, "bench-peers", &[name], name, road);
    let mut all = vec![
        ours(options),
        provisional(options),
        native(options, "bench-bridge", &["all"], "xray-tracing", "udp"),
        native(options, "bench-bridge", &["sampled-only"], "xray-tracing-sampled-only", "udp"),
        peer("otel-http", "http"),
        peer("otel-grpc", "grpc"),
        peer("tracing-otel", "http"),
        peer("otel-aws", "udp"),
        peer("otel-aws-nested", "udp"),
        peer("fastrace", "http"),
    ];
    all.extend(python(options));
    all.extend(node(options));
    all
}

pub(crate) fn ours(options: &Options) -> Contender {
    native(options, "bench-ours", &["request"], "xray", "udp")
}

pub(crate) fn provisional(options: &Options) -> Contender {
    native(options, "bench-ours", &["provisional"], "xray-provisional", "udp")
}

pub(crate) fn growth(options: &Options) -> Contender {
    native(options, "bench-ours", &["growth"], "xray-growth", "udp")
}

pub(crate) fn sampling(options: &Options) -> Contender {
    native(options, "bench-ours", &["sampling"], "xray-core", "")
}

/// A package of its own, which only its section builds.
pub(crate) fn calls(options: &Options) -> Contender {
    native(options, "bench-calls", &[], "xray-calls", "udp")
}

pub(crate) fn sampling_peers(options: &Options) -> Contender {
    native(options, "bench-peers", &["sampling"], "opentelemetry_sdk", "")
}

pub(crate) fn python(options: &Options) -> Option<Contender> {
    let script = Options::source().join("python/peer.py").display().to_string();
    Some(Contender {
        name: "python",
        program: options.python.clone()?,
        arguments: vec![script],
        road: "udp",
        is_script: true,
    })
}

fn node(options: &Options) -> Option<Contender> {
    let script = Options::source().join("node/peer.mjs").display().to_string();
    let folder = options.node.as_ref()?.display().to_string();
    Some(Contender {
        name: "node",
        program: "node".into(),
        arguments: vec![script, folder],
        road: "udp",
        is_script: true,
    })
}

fn native(
    options: &Options,
    program: &str,
    arguments: &[&str],
    name: &'static str,
    road: &'static str,
) -> Contender {
    let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let program = options.program(program);
    Contender { name, program, arguments, road, is_script: false }
}

impl Contender {
    /// The same contender in the program that counts allocations.
    pub(crate) fn counting_allocations(&self) -> Self {
        let mut other = self.clone();
        let name = self.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        other.program.set_file_name(format!("{name}-allocations"));
        other
    }

    pub(crate) fn command(&self, address: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        match address {
            // Work that sends nothing.
            "" => {}
            _ if self.is_script => {
                command.env("AWS_XRAY_DAEMON_ADDRESS", address);
            }
            _ => {
                command.arg(address);
            }
        }
        command
    }

    pub(crate) fn start(&self, sink: &Sink) -> Result<Running, String> {
        Running::start(self.name, &mut self.command(sink.address(self.road)))
    }
}

/// A contender's program.
pub(crate) struct Running {
    program: Program,
    pub(crate) version: String,
    pub(crate) works: Vec<String>,
}

/// What some operations took: nanoseconds of the processor, or allocations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) total: f64,
    pub(crate) operations: f64,
}

impl Taken {
    pub(crate) fn each(self) -> f64 {
        self.total / self.operations
    }
}

impl Running {
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self, String> {
        let mut program = Program::start(name, command)?;
        let version = program.line()?;
        let works = program.line()?.split('\t').map(str::to_owned).collect();
        Ok(Self { program, version, works })
    }

    pub(crate) fn does(&self, work: &str) -> bool {
        self.works.iter().any(|known| known == work)
    }

    /// Of the thread that does the work.
    pub(crate) fn caller(&mut self, work: &str, times: u64) -> Result<Taken, String> {
        let answer = self.program.ask(&format!("caller\t{work}\t{times}\t1"))?;
        Ok(Taken { total: number(&answer, "total")?, operations: number(&answer, "operations")? })
    }

    /// Of the whole process.
    pub(crate) fn process(
        &mut self,
        work: &str,
        times: u64,
        threads: u64,
    ) -> Result<Spent, String> {
        let answer = self.program.ask(&format!("process\t{work}\t{times}\t{threads}"))?;
        Ok(Spent {
            operations: number(&answer, "operations")?,
            cpu_ns: number(&answer, "cpu_ns")?,
            wall_ns: number(&answer, "wall_ns")?,
            lost: number(&answer, "lost")?,
        })
    }

    pub(crate) fn end(self) -> Result<(), String> {
        self.program.end()
    }
}

/// What some operations took of a process, until all had left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    pub(crate) operations: f64,
    pub(crate) cpu_ns: f64,
    pub(crate) wall_ns: f64,
    /// Documents or spans that the contender knows it lost, from its start on.
    pub(crate) lost: f64,
}

fn number(answer: &Value, name: &str) -> Result<f64, String> {
    answer[name].as_f64().ok_or_else(|| format!("no {name:?} in {answer}"))
}
