//! Work that no request starts, recorded: a segment for each round, on plain threads.
//!
//! ```text
//! cargo run --bin xrayd &
//! cargo run --example worker
//! ```

use std::{thread, time::Duration};

use xray_core::{CallInCurrentSegment, Entity, Recorder, Segment, Subsegment};

fn main() -> Result<(), xray_core::Error> {
    let xray = Recorder::builder("worker").build()?;
    let _flush = xray.install(); // sends what waits when it is dropped

    for round in 1..=3 {
        settle(round);
        thread::sleep(Duration::from_secs(1));
    }
    Ok(())
}

fn settle(round: u32) {
    let segment = Segment::begin("worker");
    segment.annotate("round", round);
    let _entered = segment.enter(); // what follows is part of the segment

    Subsegment::begin("read figures").run(|_| thread::sleep(Duration::from_millis(30)));

    // Another thread does not know the segment unless it is handed over.
    let work = || Subsegment::begin("add up").run(add_up);
    let _ = thread::spawn(work.in_current_segment()).join();
}

fn add_up(step: &Entity) {
    if let Err(error) = "twelve".parse::<u32>() {
        step.record_error(&error);
    }
}
