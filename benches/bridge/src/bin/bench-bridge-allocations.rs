//! As `bench-bridge`, but counts what the thread allocates.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench_bridge::run(|work| allocation_counter::measure(work).count_total)
}
