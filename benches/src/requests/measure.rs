//! One contender's part of a round.

use crate::{
    callgrind,
    contenders::{Contender, Running, Spent},
    sink::{Received, Sink},
    spread::Rounds,
};

use super::Figures;

/// Requests of a round, of the thread and of the process; scripts are slow.
const CALLER: u64 = 10_240;
const UNSENT: u64 = 32_768;
const PROCESS: u64 = 16_384;
const SCRIPT: u64 = 4_096;

/// A contender whose program runs.
pub(super) struct Turn {
    contender: Contender,
    running: Running,
    figures: Figures,
    /// Bytes, and requests they are of.
    bytes: (u64, f64),
}

impl Turn {
    pub(super) fn start(contender: &Contender, sink: &Sink) -> Result<Self, String> {
        let running = contender.start(sink)?;
        let works = running.works.iter().filter(|work| !work.contains(':'));
        let figures = Figures {
            name: contender.name,
            version: running.version.clone(),
            caller: works.map(|work| (work.clone(), Rounds::default())).collect(),
            ..Figures::default()
        };
        Ok(Self { contender: contender.clone(), running, figures, bytes: (0, 0.0) })
    }

    /// Neither caches nor branches are known at first, and a script is not compiled.
    pub(super) fn warm_up(&mut self, sink: &mut Sink) -> Result<(), String> {
        self.round(sink)?;
        let figures = &mut self.figures;
        figures.caller.iter_mut().for_each(|(_, rounds)| rounds.0.clear());
        figures.process.0.clear();
        figures.rate.iter_mut().for_each(|rounds| rounds.0.clear());
        Ok(())
    }

    pub(super) fn round(&mut self, sink: &mut Sink) -> Result<(), String> {
        for index in 0..self.figures.caller.len() {
            let work = self.figures.caller[index].0.clone();
            let sends = work == "sampled";
            let times = self.times(if sends { CALLER } else { UNSENT });
            let before = sink.received()?;
            let taken = self.running.caller(&work, times)?;
            if sends {
                self.account(sink, before, taken.operations)?;
            }
            self.figures.caller[index].1.0.push(taken.each());
        }
        if self.running.does("sampled") {
            let spent = self.process(sink, 1)?;
            self.figures.process.0.push(spent.cpu_ns / spent.operations);
            self.figures.rate[0].0.push(spent.operations / spent.wall_ns * 1e9);
            if !self.contender.is_script {
                let spent = self.process(sink, 2)?;
                self.figures.rate[1].0.push(spent.operations / spent.wall_ns * 1e9);
            }
        }
        Ok(())
    }

    fn process(&mut self, sink: &mut Sink, threads: u64) -> Result<Spent, String> {
        let before = sink.received()?;
        let times = self.times(PROCESS);
        let spent = self.running.process("sampled", times, threads)?;
        let received = self.account(sink, before, spent.operations)?;
        self.bytes.0 += received.document_bytes + received.export_bytes;
        self.bytes.1 += spent.operations;
        if self.contender.road != "udp" {
            self.figures.lost = spent.lost as u64;
        }
        Ok(spent)
    }

    /// What is sent without an answer is only known to have arrived where it does.
    fn account(
        &mut self,
        sink: &mut Sink,
        before: Received,
        requests: f64,
    ) -> Result<Received, String> {
        let units = requests as u64 * units(self.contender.name);
        self.figures.sent += units;
        if self.contender.road != "udp" {
            return Ok(sink.received()?.since(before));
        }
        let received = sink.settled(before.documents + units)?.since(before);
        self.figures.lost += units.saturating_sub(received.documents);
        Ok(received)
    }

    fn times(&self, native: u64) -> u64 {
        if self.contender.is_script { SCRIPT } else { native }
    }

    pub(super) fn end(mut self) -> Result<Figures, String> {
        self.figures.bytes = self.bytes.0 as f64 / self.bytes.1;
        self.running.end()?;
        Ok(self.figures)
    }
}

/// Documents of a request, or spans. Nested ones are a document, or two where a batch ends between them.
fn units(name: &str) -> u64 {
    match name {
        "otel-http" | "otel-grpc" | "otel-aws" | "tracing-otel" | "fastrace" => 4,
        _ => 1,
    }
}

/// Instructions and allocations of each work.
pub(super) fn count(
    contender: &Contender,
    figures: &mut Figures,
    sink: &Sink,
    valgrind: bool,
    times: u64,
) -> Result<(), String> {
    let works: Vec<_> = figures.caller.iter().map(|(work, _)| work.clone()).collect();
    let mut counting = contender.counting_allocations().start(sink)?;
    for work in works {
        // What a thread sets up once is not part of it, and queues and pools fill at first.
        counting.caller(&work, times)?;
        figures.allocations.push((work.clone(), counting.caller(&work, times)?.each()));
        if valgrind {
            let address = sink.address(contender.road);
            // The driver never does less of what is not sent.
            let times = if work == "sampled" { times } else { 16_384 };
            let counted = callgrind::instructions(contender, address, &work, times)?;
            figures.instructions.push((work, counted));
        }
    }
    counting.end()
}
