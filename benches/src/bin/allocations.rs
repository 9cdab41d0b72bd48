//! Prints allocations per operation of the thread that records: a line per case, in their order.

use xray_benches::CASES;

const OPERATIONS: u64 = 1_000;

fn main() {
    for case in CASES {
        let mut run = case.make();
        // What a thread sets up once is not part of it.
        run(1);
        let info = allocation_counter::measure(|| run(OPERATIONS));
        println!("{}", info.count_total as f64 / OPERATIONS as f64);
    }
}
