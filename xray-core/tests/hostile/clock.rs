use std::time::{Duration, SystemTime, UNIX_EPOCH};

use xray_core::{Delivery, testing::TestClock};

use crate::support::{Wire, builder};

#[test]
fn a_clock_that_steps_back_makes_no_negative_time() {
    let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let clock = TestClock::at(now);
    let wire = Wire::default();
    let builder = builder().emitter(wire.clone()).delivery(Delivery::Inline);
    let xray = builder.clock(&clock).build().unwrap();
    let segment = xray.begin_segment("orders");
    let before = segment.subsegment("before");
    clock.set(now - Duration::from_secs(3600));
    let during = segment.subsegment("during");
    before.end();
    clock.set(UNIX_EPOCH - Duration::from_secs(1));
    segment.subsegment("before 1970").end();
    during.end_at(UNIX_EPOCH - Duration::from_secs(5));
    segment.end();
    let document = wire.only();
    assert_eq!(document["start_time"], 1_700_000_000.0);
    for child in document["subsegments"].as_array().unwrap() {
        assert_eq!(child["start_time"], 1_700_000_000.0, "{child}");
        assert_eq!(child["end_time"], 1_700_000_000.0, "{child}");
    }
    // A trace that begins at the epoch, and one that ends beyond all times.
    let segment = xray.begin_segment("orders");
    segment.subsegment("step").end();
    segment.end_at(SystemTime::now() + Duration::from_secs(60));
    assert_eq!(wire.only()["start_time"], 0.0);
}
