//! Calls where there is no segment. A binary of its own, since the recorder that is asked is the
//! installed one of the whole process.

use std::panic::catch_unwind;

use xray_core::{
    ContextMissing, Delivery, Recorder, Subsegment,
    http::{Call, CallHead, ClientPolicy},
    testing::MemoryEmitter,
};

#[test]
fn a_call_goes_through_where_a_subsegment_would_panic() {
    let memory = MemoryEmitter::new();
    let builder = Recorder::builder("orders").emitter(memory.clone()).delivery(Delivery::Inline);
    let xray = builder.context_missing(ContextMissing::RuntimeError).build().unwrap();
    let _flush = xray.install();
    let head = CallHead { method: "GET", authority: Some("payments"), ..CallHead::default() };
    assert!(catch_unwind(|| Subsegment::begin("payments")).is_err());
    assert!(Call::begin(&ClientPolicy::new(), &head).is_none());
    assert!(memory.take().is_empty());
}
