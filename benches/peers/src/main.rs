//! `bench-peers PEER ADDRESS`: a peer, timed. The driver's `serve` says how it is told what to do.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench_peers::run(bench_driver::thread_time)
}
