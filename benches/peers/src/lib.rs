//! The peers as contenders, by their public APIs and in the way their documentation shows.
//!
//! A library, since two programs run it: `bench-peers` measures time, and `bench-peers-allocations`
//! counts with an allocator that would cost the other one time.

mod counted;
mod fastrace;
mod otel;
mod sampling;
mod tracing;

use std::{net::SocketAddr, process::ExitCode};

use bench_driver::{Meter, program, serve};

const USAGE: &str = "usage: bench-peers otel-http|otel-grpc|otel-aws|otel-aws-nested|tracing-otel|fastrace \
     ADDRESS, or bench-peers sampling";

/// Spans of one request.
const SPANS: u64 = 4;

/// Does what the command line and then standard input say.
#[must_use]
pub fn run(meter: Meter) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let address = arguments.get(1).and_then(|text| text.parse::<SocketAddr>().ok());
    let program = match (arguments.first().map(String::as_str), address) {
        (Some("otel-http"), Some(address)) => program(otel::http(address)),
        (Some("otel-grpc"), Some(address)) => program(otel::grpc(address)),
        (Some("otel-aws"), Some(address)) => program(otel::aws(address, false)),
        (Some("otel-aws-nested"), Some(address)) => program(otel::aws(address, true)),
        (Some("tracing-otel"), Some(address)) => program(tracing::http(address)),
        (Some("fastrace"), Some(address)) => program(fastrace::http(address)),
        (Some("sampling"), None) => sampling::program(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    serve(program, meter);
    ExitCode::SUCCESS
}
