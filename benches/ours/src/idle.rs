//! What a recorder takes that has nothing to do.

use std::{fs, time::Duration};

use bench_driver::{Meter, Taken, Work};
use xray_core::Recorder;

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Idle {
    address: String,
    recorders: Vec<Recorder>,
}

impl Idle {
    pub(crate) fn new(address: &str) -> Self {
        Self { address: address.to_owned(), recorders: Vec::new() }
    }
}

impl Work for Idle {
    /// Bytes of resident memory in place of time. Each recorder has sent something once, so its thread
    /// and its socket are there.
    fn caller(&mut self, times: u64, _: Meter) -> Taken {
        let before = resident();
        for _ in 0..times {
            let builder = Recorder::builder("orders").daemon(&self.address);
            let xray = builder.build().expect("the address is in order");
            xray.segment("orders").sampled(true).begin().end();
            xray.flush(PATIENCE);
            self.recorders.push(xray);
        }
        Taken { total: resident().saturating_sub(before), operations: times }
    }
}

/// Bytes of this process that are in memory; none where there is no `/proc`.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let size = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = size.and_then(|text| text.trim().trim_end_matches("kB").trim().parse().ok());
    kilobytes.unwrap_or(0) * 1_024
}
