//! `bench-bridge MODE ADDRESS`: `xray-tracing`, timed. The driver's `serve` says how it is told what to do.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench_bridge::run(bench_driver::thread_time)
}
