//! What tracing adds to a Lambda function whose handler does nothing.

mod api;
mod function;
mod present;

use std::path::PathBuf;

use crate::{Options, Section, build, sink::Sink, spread::Rounds};

use function::Function;

/// Rounds of cold starts, and of functions that are warm; the latter are fewer with `--quick`, too.
const COLD: usize = 41;
const WARM: usize = 9;
const QUICK: (usize, usize) = (11, 3);

/// Invocations before anything counts, and those that do.
const WARM_UP: u64 = 100;
const INVOCATIONS: u64 = 1_000;

/// Invocations of which the least says what is held: in some of them the runtime has a second connection beside the handler.
const HELD: usize = 50;

/// The invocations after which threads are counted.
const THREADS: u64 = 10;

/// A package of `benches/lambda` without its prefix, and what it is. The first one is what the others add to, the second ours.
const FUNCTIONS: [(&str, &str); 5] = [
    ("plain", "lambda_runtime alone"),
    ("xray", "xray-lambda"),
    ("otel-aws", "opentelemetry-aws, simple processor"),
    ("tracing-otel-aws", "opentelemetry-aws, the runtime's layer, tracing-opentelemetry"),
    ("xray-lite", "xray-lite"),
];

/// A function over all rounds.
#[derive(Debug, Default)]
struct Line {
    name: &'static str,
    what: &'static str,
    program: PathBuf,
    /// The same with an allocator that counts.
    counting: PathBuf,
    bytes: f64,
    /// Milliseconds from the start until it asks for an invocation, until the first response, and of the processor until then.
    init: Rounds,
    first: Rounds,
    first_cpu: Rounds,
    sampled: Warm,
    unsampled: Warm,
    threads: Rounds,
    /// KB after the warm-up, and more by this after the invocations.
    memory: Rounds,
    growth: Rounds,
    heap: Heap,
}

/// Invocations of a function that is warm, in microseconds.
#[derive(Debug, Default)]
struct Warm {
    response: Rounds,
    next: Rounds,
    cpu: Rounds,
    /// Of each invocation.
    datagrams: f64,
}

/// What a function holds of the heap in its handler, compared.
#[derive(Debug, Default)]
struct Heap {
    /// More blocks after the warm-up than in the first invocation: what is made once.
    first: Rounds,
    /// More blocks and bytes at the end than after the warm-up: what grows.
    blocks: Rounds,
    bytes: Rounds,
    /// Allocations of an invocation.
    each: Rounds,
}

pub(crate) fn run(options: &Options) -> Result<Section, String> {
    let mut lines = Vec::new();
    for (name, what) in FUNCTIONS {
        lines.push(Line::build(name, what)?);
    }
    let mut sink = Sink::start(options)?;
    let (cold, warm) = if options.quick { QUICK } else { (COLD, WARM) };
    eprintln!("bench: {cold} cold starts and {warm} warm rounds of {} functions", lines.len());
    // Each begins a round once, so that none always follows the same one.
    let length = lines.len();
    let mut turns = |rounds: usize, part: fn(&mut Line, &mut Sink) -> Result<(), String>| {
        let turns = (0..rounds).flat_map(|round| (0..length).map(move |index| round + index));
        for turn in turns {
            part(&mut lines[turn % length], &mut sink)?;
        }
        Ok::<_, String>(())
    };
    // The first one of each reads its program from the disk.
    turns(1, |line, sink| line.cold(sink).map(drop))?;
    turns(cold, Line::start_cold)?;
    turns(warm, Line::invoke_warm)?;
    turns(warm, Line::count)?;
    Ok(present::section(&lines, cold, warm))
}

impl Line {
    fn build(name: &'static str, what: &'static str) -> Result<Self, String> {
        let package = format!("lambda-{name}");
        let (program, counting) =
            (build::function(&package, "")?, build::function(&package, "allocations")?);
        let size = std::fs::metadata(&program).map_err(|error| error.to_string())?.len();
        Ok(Self { name, what, program, counting, bytes: size as f64, ..Self::default() })
    }

    /// Milliseconds until it asks for an invocation, until the first response, and of the processor.
    fn cold(&self, sink: &Sink) -> Result<[f64; 3], String> {
        let mut function = Function::start(&self.program, sink.address("udp"))?;
        let init = function.init();
        let invocation = function.invoke(true)?;
        let first = function.first(&invocation);
        Ok([init.as_secs_f64() * 1e3, first.as_secs_f64() * 1e3, function.cpu() / 1e6])
    }

    fn start_cold(&mut self, sink: &mut Sink) -> Result<(), String> {
        let [init, first, cpu] = self.cold(sink)?;
        self.init.0.push(init);
        self.first.0.push(first);
        self.first_cpu.0.push(cpu);
        Ok(())
    }

    fn invoke_warm(&mut self, sink: &mut Sink) -> Result<(), String> {
        let mut function = Function::start(&self.program, sink.address("udp"))?;
        for number in 1..=WARM_UP {
            function.invoke(true)?;
            if number == THREADS {
                self.threads.0.push(function.threads());
            }
        }
        let memory = function.memory();
        self.memory.0.push(memory);
        self.sampled.measure(&mut function, sink, true)?;
        self.growth.0.push(function.memory() - memory);
        self.unsampled.measure(&mut function, sink, false)
    }

    fn count(&mut self, sink: &mut Sink) -> Result<(), String> {
        let mut function = Function::start(&self.counting, sink.address("udp"))?;
        let mut after = |invocations: u64| -> Result<[Rounds; 3], String> {
            let mut counted = [const { Rounds(Vec::new()) }; 3];
            for _ in 0..invocations {
                let answer = function.invoke(true)?.answer;
                for (rounds, name) in counted.iter_mut().zip(["blocks", "bytes", "asked"]) {
                    let number = answer[name].as_str().and_then(|text| text.parse().ok());
                    let number = number.ok_or_else(|| format!("no {name:?} in {answer}"))?;
                    rounds.0.push(number);
                }
            }
            Ok(counted)
        };
        let [blocks, bytes, _] = after(WARM_UP)?;
        let [last_blocks, last_bytes, asked] = after(INVOCATIONS)?;
        let held = |rounds: &Rounds| Rounds(rounds.0[rounds.0.len() - HELD..].to_vec()).least();
        let total =
            asked.0.last().zip(asked.0.first()).map_or(f64::NAN, |(last, first)| last - first);
        self.heap.first.0.push(held(&blocks) - blocks.0[0]);
        self.heap.blocks.0.push(held(&last_blocks) - held(&blocks));
        self.heap.bytes.0.push(held(&last_bytes) - held(&bytes));
        self.heap.each.0.push(total / (INVOCATIONS - 1) as f64);
        Ok(())
    }
}

impl Warm {
    fn measure(
        &mut self,
        function: &mut Function,
        sink: &mut Sink,
        sampled: bool,
    ) -> Result<(), String> {
        let (mut response, mut next) = (Rounds::default(), Rounds::default());
        let before = sink.settled(0)?;
        let begin = function.cpu();
        for _ in 0..INVOCATIONS {
            let invocation = function.invoke(sampled)?;
            response.0.push(invocation.response.as_secs_f64() * 1e6);
            next.0.push(invocation.next.as_secs_f64() * 1e6);
        }
        let cpu = function.cpu() - begin;
        let received = sink.settled(0)?.since(before);
        self.response.0.push(response.median());
        self.next.0.push(next.median());
        self.cpu.0.push(cpu / INVOCATIONS as f64 / 1e3);
        self.datagrams = received.documents as f64 / INVOCATIONS as f64;
        Ok(())
    }
}
