//! What a request costs that is larger than the usual one, or one of many threads'.

use serde_json::{Value, json};

use crate::{
    Options, Section,
    contenders::{self, Running},
    machine::stamp,
    sink::Sink,
    spread::Rounds,
    table::{number, row, table},
    targets::target,
};

const ROUNDS: usize = 9;

const SUBSEGMENTS: [u64; 5] = [1, 10, 100, 1_000, 10_000];
const THREADS: [u64; 4] = [1, 2, 8, 64];

/// The works of `bench-ours` that make documents of about this size; the second is the usual request.
const DOCUMENTS: [&str; 4] = ["document: 0.5 KB", "sampled", "document: 10 KB", "document: 60 KB"];

/// Recorders that are idle together.
const RECORDERS: u64 = 64;

/// What one may take, in KB.
const RECORDER: f64 = 1_000.0;

/// Subsegments, requests and bytes of a round.
const MANY_SUBSEGMENTS: u64 = 100_000;
const REQUESTS: u64 = 32_768;
const BYTES: f64 = 16e6;

/// What may be more by this before it counts as growth.
const FLAT: f64 = 1.25;

const NOTES: &str = "\
- All with the settings of a recorder that is told nothing but where the daemon is: subsegments that have ended leave on their own
  once their segment has 100 of them, or a document would be over half of a datagram.
- Caller and process are measured as above; a subsegment here has two annotations. One request alone costs what the first line says,
  and it is part of it.
- Cores are those of the machine times the time that passed, so threads that wait for each other show.
";

/// One line of a table.
#[derive(Default)]
struct Line {
    name: String,
    caller: Rounds,
    process: Rounds,
    cores: Rounds,
    bytes: Rounds,
    lost: f64,
}

pub(crate) fn run(options: &Options) -> Result<Section, String> {
    let mut sink = Sink::start(options)?;
    let mut grown = contenders::growth(options).start(&sink)?;
    let mut usual = contenders::ours(options).start(&sink)?;
    let name = |number: &u64| number.to_string();
    let mut subsegments: Vec<_> = SUBSEGMENTS.iter().map(name).map(Line::new).collect();
    let mut threads: Vec<_> = THREADS.iter().map(name).map(Line::new).collect();
    let mut documents: Vec<_> = DOCUMENTS.iter().map(|&name| Line::new(name.to_owned())).collect();
    for _ in 0..ROUNDS {
        for (line, count) in subsegments.iter_mut().zip(SUBSEGMENTS) {
            let work = format!("subsegments: {count}");
            line.measure(&mut grown, &mut sink, &work, MANY_SUBSEGMENTS / count, count)?;
        }
        for (line, count) in threads.iter_mut().zip(THREADS) {
            line.process(&mut usual, &mut sink, "sampled", REQUESTS, count, 1)?;
        }
        for (line, work) in documents.iter_mut().zip(DOCUMENTS) {
            let program = if work == "sampled" { &mut usual } else { &mut grown };
            let bytes = line.bytes.median();
            let times = if bytes.is_nan() { 256 } else { (BYTES / bytes) as u64 };
            line.measure(program, &mut sink, work, times, 1)?;
        }
    }
    let idle = grown.caller("recorder: idle", RECORDERS)?.each() / 1_000.0;
    grown.end()?;
    usual.end()?;
    let text = format!(
        "{}\n{ROUNDS} rounds.\n\n{}\n{}\n{}\n\
         A recorder that has sent one segment and is idle takes {} KB of resident memory, its thread included.\n\n{NOTES}",
        stamp(),
        of_subsegments(&subsegments),
        of_threads(&threads),
        of_documents(&documents),
        number(idle.round()),
    );
    let json = json!({
        "subsegments": lines(&subsegments),
        "threads": lines(&threads),
        "documents": lines(&documents),
        "recorder_kb": idle,
        "targets": targets(&subsegments, &threads, idle),
    });
    Ok(Section { title: "Growth".to_owned(), text, json })
}

impl Line {
    fn new(name: String) -> Self {
        Self { name, ..Self::default() }
    }

    /// Of the thread and of the process; each operation counts as so many.
    fn measure(
        &mut self,
        running: &mut Running,
        sink: &mut Sink,
        work: &str,
        times: u64,
        parts: u64,
    ) -> Result<(), String> {
        let taken = running.caller(work, times)?;
        self.caller.0.push(taken.each() / parts as f64);
        self.process(running, sink, work, times, 1, parts)
    }

    fn process(
        &mut self,
        running: &mut Running,
        sink: &mut Sink,
        work: &str,
        times: u64,
        threads: u64,
        parts: u64,
    ) -> Result<(), String> {
        let before = sink.settled(0)?;
        let spent = running.process(work, times, threads)?;
        let received = sink.settled(0)?.since(before);
        let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
        let operations = spent.operations * parts as f64;
        self.process.0.push(spent.cpu_ns / operations);
        self.cores.0.push(spent.wall_ns * cores / operations);
        self.bytes.0.push(received.document_bytes as f64 / operations);
        self.lost = self.lost.max(spent.lost);
        Ok(())
    }
}

fn of_subsegments(lines: &[Line]) -> String {
    let head = ["subsegments", "caller, ns each", "process, ns each", "bytes each", "lost"];
    table(
        1,
        &rows(row(head), lines, |line| {
            vec![
                line.caller.text(),
                line.process.text(),
                number(line.bytes.median().round()),
                number(line.lost),
            ]
        }),
    )
}

fn of_threads(lines: &[Line]) -> String {
    let head = ["threads", "process, ns per request", "cores, ns per request", "lost"];
    table(
        1,
        &rows(row(head), lines, |line| {
            vec![line.process.text(), line.cores.text(), number(line.lost)]
        }),
    )
}

fn of_documents(lines: &[Line]) -> String {
    let head = [
        "document",
        "bytes",
        "caller, ns",
        "process, ns",
        "caller, ns per KB",
        "process, ns per KB",
    ];
    table(
        1,
        &rows(row(head), lines, |line| {
            let kilobytes = line.bytes.median() / 1_000.0;
            vec![
                number(line.bytes.median().round()),
                line.caller.text(),
                line.process.text(),
                number((line.caller.median() / kilobytes).round()),
                number((line.process.median() / kilobytes).round()),
            ]
        }),
    )
}

fn rows(
    head: Vec<String>,
    lines: &[Line],
    cells: impl Fn(&Line) -> Vec<String>,
) -> Vec<Vec<String>> {
    let mut rows = vec![head];
    for line in lines {
        rows.push([vec![line.name.clone()], cells(line)].concat());
    }
    rows
}

fn lines(lines: &[Line]) -> Vec<Value> {
    let value = |line: &Line| {
        json!({
            "name": line.name,
            "caller_ns": line.caller.json(),
            "process_ns": line.process.json(),
            "cores_ns": line.cores.json(),
            "bytes": line.bytes.json(),
            "lost": line.lost,
        })
    };
    lines.iter().map(value).collect()
}

/// Against the second line, since the first one has a whole request in it.
fn targets(subsegments: &[Line], threads: &[Line], idle: f64) -> Vec<Value> {
    let worst = |lines: &[Line], of: &Line, figure: fn(&Line) -> f64| {
        lines.iter().map(|line| figure(line) / figure(of)).fold(f64::NAN, f64::max)
    };
    let [_, ten, more @ ..] = subsegments else { return Vec::new() };
    let [one, others @ ..] = threads else { return Vec::new() };
    let caller = worst(more, ten, |line| line.caller.median());
    let process = worst(more, ten, |line| line.process.median());
    let threads = worst(others, one, |line| line.process.median());
    vec![
        target("caller, a subsegment of 100 to 10,000", false, FLAT, caller, "of one of 10"),
        target("process, a subsegment of 100 to 10,000", false, FLAT, process, "of one of 10"),
        target("process, a request with 2 to 64 threads", false, FLAT, threads, "of one with 1"),
        target("memory, a recorder that is idle", false, RECORDER, idle.round(), "KB"),
    ]
}
