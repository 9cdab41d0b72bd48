//! Code of the user's that records while something of theirs is sent or logged.

use std::time::Duration;

use xray_core::{
    Delivery, Entity, Recorder, Verdict,
    emit::{Emitter, Record},
    sample::LocalRules,
    stats::Counters,
};

use crate::support::{SOON, Wire, builder, logged_of, recorder};

/// Records what it does, with the recorder that it serves.
struct Traced {
    wire: Wire,
    rounds: u32,
}

impl Emitter for Traced {
    fn emit(&mut self, records: &[Record], counters: &Counters) {
        if let Some(xray) = Recorder::installed().filter(|_| self.rounds > 0) {
            self.rounds -= 1;
            let segment = xray.begin_segment("send");
            let _entered = segment.enter();
            xray_core::Subsegment::begin("write").end();
            assert!(!xray.flush(Duration::from_millis(1)), "it cannot wait for itself");
        }
        self.wire.emit(records, counters);
    }
}

#[test]
fn an_emitter_and_a_hook_may_record() {
    for delivery in [Delivery::Inline, Delivery::Background] {
        let wire = Wire::default();
        let hook = |_: &xray_core::document::Document<'_>| {
            // Of the segment that is leaving, or of none.
            Entity::current().annotate("hook", true);
            Entity::current().subsegment("in the hook").end();
            Verdict::Keep
        };
        let emitter = Traced { wire: wire.clone(), rounds: 3 };
        let builder = builder().emitter(emitter).before_emit(hook).streaming_threshold(0);
        let xray = builder.delivery(delivery).build().unwrap();
        let guard = xray.install();
        let segment = xray.begin_segment("orders");
        {
            let _entered = segment.enter();
            segment.subsegment("step").end();
        }
        segment.end();
        // Each flush sends what the emitter recorded during the last.
        for _ in 0..10 {
            xray.flush(SOON);
        }
        let documents = wire.take();
        let count = |name| documents.iter().filter(|document| document["name"] == name).count();
        assert_eq!((count("orders"), count("step"), count("send"), count("write")), (1, 1, 3, 3));
        assert_eq!((xray.stats().dropped(), xray.stats().queued), (0, 0));
        drop(guard);
    }
}

#[test]
fn a_logger_may_record() {
    let (xray, wire) = recorder();
    let segment = xray.begin_segment("orders");
    let _entered = segment.enter();
    let step = segment.subsegment("step");
    let handle = Entity::clone(&step);
    step.end();
    // Each of these is logged, which annotates the segment.
    handle.annotate("late", 1);
    segment.annotate("bad key", 1);
    segment.metadata_in("AWS.mine", "key", 1);
    segment.subsegment("named|badly").end();
    for _ in 0..60 {
        segment.annotate(&format!("key_{}", Entity::current().id()), 1);
    }
    let rules = LocalRules::everything();
    assert!(Recorder::builder("other").sampling_rules(rules).build().is_ok());
    drop(_entered);
    segment.end();
    assert!(wire.only()["annotations"]["last_line"].is_number());
    assert!(logged_of("changes after the end") > 0);
}
