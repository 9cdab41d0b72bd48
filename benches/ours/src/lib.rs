//! `xray-core` as a contender, through its public API alone.
//!
//! A library, since two programs run it: `bench-ours` measures time, and `bench-ours-allocations` counts
//! with an allocator that would cost the other one time.

mod growth;
mod idle;
mod request;
mod sampling;

use std::process::ExitCode;

use bench_driver::{Meter, program, serve};

pub use request::XRay;

const USAGE: &str = "usage: bench-ours request|provisional|growth ADDRESS, or bench-ours sampling";

/// Does what the command line and then standard input say.
#[must_use]
pub fn run(meter: Meter) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let program = match words[..] {
        ["request", address] => program(XRay::new(address)),
        ["provisional", address] => request::provisional(address),
        ["growth", address] => growth::program(address),
        ["sampling"] => sampling::program(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    serve(program, meter);
    ExitCode::SUCCESS
}
