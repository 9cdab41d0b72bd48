//! As `bench-calls`, but counts what the thread allocates.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench_calls::run(|work| allocation_counter::measure(work).count_total)
}
