//! One traced request, by everybody.

mod measure;
mod present;

use crate::{
    Options, Section, callgrind,
    contenders::{self, Contender},
    sink::Sink,
    spread::Rounds,
};

use measure::Turn;

const ROUNDS: usize = 21;
const ROUNDS_QUICK: usize = 7;

/// Requests whose instructions and allocations are counted.
const COUNTED: u64 = 1_024;

/// What is known of a contender.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) name: &'static str,
    /// Its language's version and the SDK's, of a script.
    pub(crate) version: String,
    /// Nanoseconds of the thread that records, per request.
    pub(crate) caller: Vec<(String, Rounds)>,
    pub(crate) instructions: Vec<(String, f64)>,
    pub(crate) allocations: Vec<(String, f64)>,
    /// Nanoseconds of the process, per request.
    pub(crate) process: Rounds,
    /// Requests per second, with one thread and with two.
    pub(crate) rate: [Rounds; 2],
    pub(crate) bytes: f64,
    /// Documents, or spans of a peer that sends those.
    pub(crate) sent: u64,
    pub(crate) lost: u64,
}

impl Figures {
    pub(crate) fn caller(&self, work: &str) -> Rounds {
        of(&self.caller, work).cloned().unwrap_or_default()
    }

    pub(crate) fn instructions(&self, work: &str) -> f64 {
        of(&self.instructions, work).copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn allocations(&self, work: &str) -> f64 {
        of(&self.allocations, work).copied().unwrap_or(f64::NAN)
    }
}

fn of<'a, T>(figures: &'a [(String, T)], work: &str) -> Option<&'a T> {
    figures.iter().find(|(name, _)| name == work).map(|(_, figure)| figure)
}

pub(crate) fn run(options: &Options) -> Result<Section, String> {
    let rounds = if options.quick { ROUNDS_QUICK } else { ROUNDS };
    let mut sink = Sink::start(options)?;
    let contenders = contenders::all(options);
    let mut turns = Vec::new();
    for contender in &contenders {
        turns.push(Turn::start(contender, &sink)?);
    }
    eprintln!("bench: {rounds} rounds of {} contenders", contenders.len());
    turns.iter_mut().try_for_each(|turn| turn.warm_up(&mut sink))?;
    for round in 0..rounds {
        // Each begins a round once, so that none always follows the same one.
        let length = turns.len();
        for index in 0..length {
            turns[(round + index) % length].round(&mut sink)?;
        }
    }
    let mut all = Vec::new();
    for turn in turns {
        all.push(turn.end()?);
    }
    eprintln!("bench: counting instructions and allocations");
    count(&contenders, &mut all, &sink)?;
    Ok(present::section(&all, rounds))
}

/// Two at a time: counts do not depend on how busy the machine is.
fn count(contenders: &[Contender], all: &mut [Figures], sink: &Sink) -> Result<(), String> {
    let valgrind = callgrind::find();
    if let Err(error) = &valgrind {
        eprintln!("bench: instructions are not counted: {error}");
    }
    let mut pairs: Vec<_> = contenders.iter().zip(all).collect();
    pairs.retain(|(contender, _)| !contender.is_script);
    let half = pairs.len().div_ceil(2);
    std::thread::scope(|scope| {
        let workers: Vec<_> = pairs
            .chunks_mut(half)
            .map(|chunk| {
                let valgrind = valgrind.is_ok();
                scope.spawn(move || {
                    chunk.iter_mut().try_for_each(|(contender, figures)| {
                        measure::count(contender, figures, sink, valgrind, COUNTED)
                    })
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().unwrap_or_else(|_| Err("counting panicked".to_owned()))
        })
    })
}
