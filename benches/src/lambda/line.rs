use std::path::PathBuf;

use crate::{build, sink::Sink, spread::Rounds};

use super::{BURST, BURSTS, WARM_UP, function::Function};

/// The invocations after which threads are counted.
pub(super) const THREADS: u64 = 10;

/// Invocations between two looks at what the heap holds.
pub(super) const COUNTED: u64 = 1_000;

/// A function over all rounds.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    program: PathBuf,
    /// The same with an allocator that counts.
    counting: PathBuf,
    pub(super) bytes: f64,
    /// Milliseconds from the start until it asks for an invocation, until the first response, and of the processor until then.
    pub(super) init: Rounds,
    pub(super) first: Rounds,
    pub(super) first_cpu: Rounds,
    /// The one that is warm, in a round.
    warm: Option<Function>,
    pub(super) sampled: Warm,
    pub(super) unsampled: Warm,
    pub(super) threads: Rounds,
    /// KB after the warm-up, and more by this after the bursts.
    pub(super) memory: Rounds,
    pub(super) growth: Rounds,
    pub(super) heap: Heap,
}

/// Invocations of a function that is warm, in microseconds: medians of bursts.
#[derive(Debug, Default)]
pub(super) struct Warm {
    /// Until the response was here, and until the function was ready for the next one.
    pub(super) response: Rounds,
    pub(super) next: Rounds,
    pub(super) cpu: Rounds,
    datagrams: u64,
    invocations: u64,
}

/// What a function holds of the heap in its handler, compared.
#[derive(Debug, Default)]
pub(super) struct Heap {
    /// More blocks and bytes after the warm-up than in the first invocation: what is made once.
    pub(super) first: [Rounds; 2],
    /// More of them at the end than after the warm-up: what grows.
    pub(super) grown: [Rounds; 2],
    /// Allocations of an invocation.
    pub(super) each: Rounds,
}

impl Line {
    pub(super) fn build(name: &'static str, what: &'static str) -> Result<Self, String> {
        let package = format!("lambda-{name}");
        let program = build::function(&package, "")?;
        let counting = build::function(&package, "allocations")?;
        let size = std::fs::metadata(&program).map_err(|error| error.to_string())?.len();
        Ok(Self { name, what, program, counting, bytes: size as f64, ..Self::default() })
    }

    /// What a cold start takes, in the order of the fields.
    pub(super) fn cold_start(&self, sink: &Sink) -> Result<[f64; 3], String> {
        let mut function = Function::start(&self.program, sink.address("udp"))?;
        let init = function.init();
        let invocation = function.invoke(true)?;
        let first = function.first(&invocation);
        Ok([init.as_secs_f64() * 1e3, first.as_secs_f64() * 1e3, function.cpu() / 1e6])
    }

    pub(super) fn start_cold(&mut self, sink: &mut Sink) -> Result<(), String> {
        let [init, first, cpu] = self.cold_start(sink)?;
        self.init.0.push(init);
        self.first.0.push(first);
        self.first_cpu.0.push(cpu);
        Ok(())
    }

    pub(super) fn warm_up(&mut self, sink: &mut Sink) -> Result<(), String> {
        let mut function = Function::start(&self.program, sink.address("udp"))?;
        for number in 1..=WARM_UP {
            function.invoke(true)?;
            if number == THREADS {
                self.threads.0.push(function.threads());
            }
        }
        self.memory.0.push(function.memory());
        self.warm = Some(function);
        Ok(())
    }

    pub(super) fn burst(&mut self, sink: &mut Sink) -> Result<(), String> {
        let function = self.warm.as_mut().ok_or("a burst of what is not warm")?;
        self.sampled.measure(function, sink, true)?;
        self.unsampled.measure(function, sink, false)
    }

    pub(super) fn cool_down(&mut self, _: &mut Sink) -> Result<(), String> {
        let function = self.warm.take().ok_or("nothing is warm")?;
        let memory = self.memory.0.last().copied().unwrap_or(f64::NAN);
        self.growth.0.push(function.memory() - memory);
        Ok(())
    }

    /// Counts what stays of the heap, in a process of its own.
    pub(super) fn count(&mut self, sink: &mut Sink) -> Result<(), String> {
        let mut function = Function::start(&self.counting, sink.address("udp"))?;
        // Blocks and bytes that are held, and blocks that were ever asked for, in the last one of so many invocations.
        let mut counts_after = |invocations: u64| -> Result<[f64; 3], String> {
            let mut answer = function.invoke(true)?.answer;
            for _ in 1..invocations {
                answer = function.invoke(true)?.answer;
            }
            let mut counts = [f64::NAN; 3];
            for (count, name) in counts.iter_mut().zip(["blocks", "bytes", "asked"]) {
                let said = answer[name].as_str().and_then(|text| text.parse().ok());
                *count = said.ok_or_else(|| format!("no {name:?} in {answer} of a function"))?;
            }
            Ok(counts)
        };
        let first = counts_after(1)?;
        let warm = counts_after(WARM_UP - 1)?;
        let last = counts_after(COUNTED)?;
        for index in 0..2 {
            self.heap.first[index].0.push(warm[index] - first[index]);
            self.heap.grown[index].0.push(last[index] - warm[index]);
        }
        self.heap.each.0.push((last[2] - warm[2]) / COUNTED as f64);
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
        for _ in 0..BURST {
            let invocation = function.invoke(sampled)?;
            response.0.push(invocation.response.as_secs_f64() * 1e6);
            next.0.push(invocation.next.as_secs_f64() * 1e6);
        }
        let cpu = function.cpu() - begin;
        self.datagrams += sink.settled(0)?.since(before).documents;
        self.invocations += BURST;
        self.response.0.push(response.median());
        self.next.0.push(next.median());
        self.cpu.0.push(cpu / BURST as f64 / 1e3);
        Ok(())
    }

    /// Of each invocation.
    pub(super) fn datagrams(&self) -> f64 {
        self.datagrams as f64 / self.invocations as f64
    }
}

/// Invocations of a round between the two looks at its memory.
pub(super) const fn of_a_round() -> u64 {
    2 * BURSTS as u64 * BURST
}
