//! `bench-ours MODE`: `xray-core`, timed. The driver's `serve` says how it is told what to do.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench_ours::run(bench_driver::thread_time)
}
