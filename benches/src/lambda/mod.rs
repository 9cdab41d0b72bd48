//! What tracing adds to a Lambda function whose handler does nothing.

mod api;
mod function;
mod line;
mod present;

use crate::{Options, Section, sink::Sink};

use line::Line;

/// Rounds of cold starts, and of functions that are warm; fewer of both with `--quick`.
const ROUNDS: (usize, usize) = (41, 5);
const ROUNDS_QUICK: (usize, usize) = (11, 2);

/// Invocations before anything counts.
const WARM_UP: u64 = 100;

/// Bursts of one function in a round, which all take in turn while the others wait, and invocations of a burst.
const BURSTS: usize = 20;
const BURST: u64 = 50;

/// A package of `benches/lambda` without its prefix, and what it is. The first one is what the others add to, the second ours.
const FUNCTIONS: [(&str, &str); 5] = [
    ("plain", "lambda_runtime alone"),
    ("xray", "xray-lambda"),
    ("otel-aws", "opentelemetry-aws, simple processor"),
    ("tracing-otel-aws", "opentelemetry-aws, the runtime's layer"),
    ("xray-lite", "xray-lite"),
];

pub(crate) fn run(options: &Options) -> Result<Section, String> {
    let mut lines = Vec::new();
    for (name, what) in FUNCTIONS {
        lines.push(Line::build(name, what)?);
    }
    let mut sink = Sink::start(options)?;
    let (cold, warm) = if options.quick { ROUNDS_QUICK } else { ROUNDS };
    eprintln!("bench: {cold} rounds of cold starts, {warm} of {} warm functions", lines.len());
    let mut turns = |rounds: usize, part: fn(&mut Line, &mut Sink) -> Result<(), String>| {
        // Each begins a round once, so that none always follows the same one.
        let length = lines.len();
        let mut turns = (0..rounds).flat_map(|round| round..round + length);
        turns.try_for_each(|turn| part(&mut lines[turn % length], &mut sink))
    };
    // The first one of each reads its program from the disk.
    turns(1, |line, sink| line.cold_start(sink).map(drop))?;
    turns(cold, Line::start_cold)?;
    for _ in 0..warm {
        turns(1, Line::warm_up)?;
        turns(BURSTS, Line::burst)?;
        turns(1, Line::cool_down)?;
        turns(1, Line::count)?;
    }
    Ok(present::section(&lines, cold, warm))
}
