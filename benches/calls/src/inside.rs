use std::time::Duration;

use bench_driver::{Meter, Repeat, Taken, Work};
use xray_core::Recorder;

use crate::Run;

/// Calls in one segment: fewer than make it send some of them ahead.
const CALLS: u64 = 64;

const PATIENCE: Duration = Duration::from_secs(20);

/// Calls inside of segments, whose begin, end and sending are not measured.
pub(crate) struct Inside {
    xray: Recorder,
    sampled: bool,
    calls: Repeat,
}

impl Inside {
    pub(crate) fn new(xray: Recorder, sampled: bool, run: Run) -> Self {
        Self { xray, sampled, calls: Repeat(run) }
    }
}

impl Work for Inside {
    fn caller(&mut self, times: u64, meter: Meter) -> Taken {
        let mut total = 0;
        let mut left = times;
        while left > 0 {
            let calls = left.min(CALLS);
            let segment = self.xray.segment("orders").sampled(self.sampled).begin();
            let entered = segment.enter();
            total += self.calls.caller(calls, meter).total;
            drop(entered);
            segment.end();
            left -= calls;
            if self.sampled {
                // So that nothing else is done in this process while the next ones are measured.
                self.xray.flush(PATIENCE);
            }
        }
        Taken { total, operations: times }
    }
}
