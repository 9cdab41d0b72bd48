//! What tracing takes of a server that says hello.

mod load;

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::{
    Options, Section, build,
    machine::{Core, pinned, stamp, versions},
    program::Program,
    sink::Sink,
    spread::Rounds,
    table::{number, row, table},
    targets::target,
};

use load::{CONNECTIONS, Load};

const ROUNDS: usize = 5;

/// Seconds, of each server in each round.
const WARM_UP: u32 = 1;
const MEASURED: u32 = 3;

const FRAMEWORKS: [&str; 2] = ["axum", "actix"];

/// Name, tracing, the part that is sampled, the sink's name for where it is sent, and the least part of a plain
/// server's requests that it has to serve.
const TRACINGS: [(&str, &str, f64, &str, Option<f64>); 5] = [
    ("plain", "plain", 0.0, "udp", None),
    ("xray, 100 %", "xray", 1.0, "udp", Some(85.0)),
    ("xray, 5 %", "xray", 0.05, "udp", Some(97.0)),
    ("opentelemetry, 100 %", "otel", 1.0, "http", None),
    ("opentelemetry, 5 %", "otel", 0.05, "http", None),
];

const NOTES: &str = "\
- A server has one thread, which shares one core with the threads that send what was recorded; `wrk` and the sink have the other one.
  Each round starts each server anew, in turn.
- xray is `XRayLayer::new()` and `XRayMiddleware::new()`, with a local rule for the part that is sampled, and sends over UDP.
  opentelemetry is `opentelemetry-instrumentation-tower`, whose metrics are off, and `opentelemetry-instrumentation-actix-web`, with
  the batch processor as it comes, OTLP over HTTP, and `TraceIdRatioBased` for the part.
- Of plain is the median of the rounds, each with the plain server of that round. The processor's time is that of the whole process.
- Recorded is what arrived of what should have been sampled, of all requests of the server; of 5 %, chance makes some more or less.
  What does not arrive was given up by a queue that was full, which costs less than sending it.
";

/// One server over all rounds.
struct Line {
    framework: &'static str,
    name: &'static str,
    tracing: &'static str,
    part: f64,
    road: &'static str,
    least: Option<f64>,
    per_second: Rounds,
    cpu: Rounds,
    half: Rounds,
    most: Rounds,
    /// In percent of what should have been recorded.
    recorded: Rounds,
    /// What ours says it had to give up.
    lost: u64,
}

pub(crate) fn run(options: &Options) -> Result<Section, String> {
    let program = build::sibling("bench-servers")?;
    let mut sink = Sink::start(options)?;
    let mut lines: Vec<_> = FRAMEWORKS.into_iter().flat_map(Line::all).collect();
    for round in 1..=ROUNDS {
        for line in &mut lines {
            eprintln!("bench: round {round} of {ROUNDS}: {}, {}", line.framework, line.name);
            line.measure(&program, &mut sink)?;
        }
    }
    let text = format!(
        "{} {}, {}.\n{} connections, {ROUNDS} rounds of {MEASURED} s, medians.\n\n{}\n{NOTES}",
        stamp(),
        load::version(),
        versions(&[
            "axum",
            "actix-web",
            "opentelemetry_sdk",
            "opentelemetry-instrumentation-tower",
            "opentelemetry-instrumentation-actix-web"
        ]),
        CONNECTIONS,
        servers_table(&lines),
    );
    let json = json!({
        "servers": lines.iter().map(|line| line.json(&lines)).collect::<Vec<_>>(),
        "targets": lines.iter().filter_map(|line| line.target(&lines)).collect::<Vec<_>>(),
    });
    Ok(Section { title: "Servers".to_owned(), text, json })
}

impl Line {
    fn all(framework: &'static str) -> impl Iterator<Item = Self> {
        TRACINGS.into_iter().map(move |(name, tracing, part, road, least)| Self {
            framework,
            name,
            tracing,
            part,
            road,
            least,
            per_second: Rounds::default(),
            cpu: Rounds::default(),
            half: Rounds::default(),
            most: Rounds::default(),
            recorded: Rounds::default(),
            lost: 0,
        })
    }

    fn measure(&mut self, program: &Path, sink: &mut Sink) -> Result<(), String> {
        let mut command = Command::new(program);
        command.args([self.framework, self.tracing, &self.part.to_string()]);
        command.arg(sink.address(self.road));
        let mut server = Program::start(self.framework, &mut pinned(&command, Core::Last))?;
        let address = server.line()?;
        let before = sink.settled(0)?;

        let warm_up = Load::put(&address, WARM_UP)?;
        let begin = cpu(&mut server)?;
        let load = Load::put(&address, MEASURED)?;
        let end = cpu(&mut server)?;

        let last = server.ask("flush")?;
        let received = sink.settled(0)?.since(before);
        server.end()?;
        let figure = |name: &str| last[name].as_f64().unwrap_or(f64::NAN);
        let arrived = match self.road {
            "udp" => received.documents as f64,
            _ => figure("recorded"),
        };
        let wanted = (warm_up.requests + load.requests) * self.part;
        self.per_second.0.push(load.per_second);
        self.cpu.0.push((end - begin) / load.requests / 1e3);
        self.half.0.push(load.half);
        self.most.0.push(load.most);
        self.recorded.0.push(arrived / wanted * 100.0);
        self.lost += figure("lost") as u64;
        Ok(())
    }

    fn plain<'a>(&self, lines: &'a [Self]) -> Option<&'a Self> {
        lines.iter().find(|line| line.framework == self.framework && line.tracing == "plain")
    }

    /// In percent.
    fn of_plain(&self, lines: &[Self]) -> f64 {
        self.plain(lines)
            .map_or(f64::NAN, |plain| self.per_second.ratio(&plain.per_second).median() * 100.0)
    }

    fn target(&self, lines: &[Self]) -> Option<Value> {
        let figure = format!("{}, {}: requests/s of a plain server", self.framework, self.name);
        Some(target(&figure, true, self.least?, self.of_plain(lines), "%"))
    }

    fn cells(&self, lines: &[Self]) -> Vec<String> {
        let plain = self.plain(lines).map_or(f64::NAN, |plain| plain.cpu.median());
        let traced = self.tracing != "plain";
        let only = |text: String| if traced { text } else { "-".to_owned() };
        vec![
            self.framework.to_owned(),
            self.name.to_owned(),
            number(self.per_second.median().round()),
            format!("{:.1} %", self.of_plain(lines)),
            format!("{:.2}", self.cpu.median()),
            only(format!("{:+.2}", self.cpu.median() - plain)),
            number(self.half.median()),
            number(self.most.median()),
            only(format!("{:.1} %", self.recorded.median())),
        ]
    }

    fn json(&self, lines: &[Self]) -> Value {
        json!({
            "framework": self.framework,
            "tracing": self.tracing,
            "part": self.part,
            "requests_per_s": self.per_second.json(),
            "of_plain_percent": self.of_plain(lines),
            "cpu_us": self.cpu.json(),
            "p50_us": self.half.json(),
            "p99_us": self.most.json(),
            "recorded_percent": self.recorded.json(),
            "lost": self.lost,
        })
    }
}

/// Nanoseconds of the processor, since its start.
fn cpu(server: &mut Program) -> Result<f64, String> {
    server.ask("")?["cpu_ns"].as_f64().ok_or_else(|| "a server has no clock".to_owned())
}

fn servers_table(lines: &[Line]) -> String {
    let mut rows = vec![row([
        "server",
        "tracing",
        "requests/s",
        "of plain",
        "CPU, us each",
        "added",
        "p50, us",
        "p99, us",
        "recorded",
    ])];
    rows.extend(lines.iter().map(|line| line.cells(lines)));
    table(2, &rows)
}
