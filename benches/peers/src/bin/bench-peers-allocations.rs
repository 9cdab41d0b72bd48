//! As `bench-peers`, but counts what the thread allocates.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench_peers::run(|work| allocation_counter::measure(work).count_total)
}
