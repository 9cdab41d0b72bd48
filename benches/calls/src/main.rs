//! `bench-calls ADDRESS`: calls with an integration of ours around them and without, timed. The driver's
//! `serve` says how it is told what to do.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench_calls::run(bench_driver::thread_time)
}
