//! Calls that are answered at once, with an integration of ours around them and without.
//!
//! A library, since two programs run it: `bench-calls` measures time, and `bench-calls-allocations`
//! counts with an allocator that would cost the other one time.

mod functions;
mod http;
mod inside;
mod sql;

use std::{hint::black_box, process::ExitCode};

use bench_driver::{Make, Meter, Program, serve};
use xray_core::Recorder;

use crate::inside::Inside;

const USAGE: &str = "usage: bench-calls ADDRESS";

/// So many calls, one after the other.
type Run = Box<dyn FnMut(u64)>;

/// A call without ours and with it.
struct Call {
    name: &'static str,
    plain: fn() -> Run,
    traced: fn() -> Run,
}

/// Does what standard input says.
#[must_use]
pub fn run(meter: Meter) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address] = &arguments[..] else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    serve(program(address), meter);
    ExitCode::SUCCESS
}

/// Three works of each call; what a plain one is inside of makes no difference to it.
fn program(address: &str) -> Program {
    let builder = Recorder::builder("orders").daemon(address);
    let xray = builder.build().expect("the address is in order");
    let mut works = Vec::new();
    for call in functions::CALLS.into_iter().chain(http::CALLS).chain(sql::CALLS) {
        let Call { name, plain, traced } = call;
        for (way, run, sampled) in
            [("plain", plain, true), ("sampled", traced, true), ("not sampled", traced, false)]
        {
            let xray = xray.clone();
            let make: Make = Box::new(move || Box::new(Inside::new(xray, sampled, run())));
            works.push((format!("{name} / {way}"), make));
        }
    }
    Program { version: None, works }
}

fn repeat<T>(mut call: impl FnMut() -> T + 'static) -> Run {
    Box::new(move |times| (0..times).for_each(|_| drop(black_box(call()))))
}
