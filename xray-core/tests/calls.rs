//! Calls where there is no segment, and those that go nobody knows where. A binary of its own, since the
//! recorder that is asked is the installed one of the whole process, and so is the logger.

use std::{
    panic::catch_unwind,
    sync::{Mutex, PoisonError},
};

use xray_core::{
    ContextMissing, Delivery, Recorder, Subsegment,
    http::{Call, CallHead, ClientPolicy},
    sample::LocalRules,
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

#[test]
fn whoever_calls_nobody_knows_whom_is_told_once_what_to_do() {
    struct Warnings(Mutex<Vec<String>>);
    impl log::Log for Warnings {
        fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
            metadata.level() == log::Level::Warn
        }
        fn log(&self, record: &log::Record<'_>) {
            if self.enabled(record.metadata()) {
                let mut warnings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                warnings.push(record.args().to_string());
            }
        }
        fn flush(&self) {}
    }
    static WARNINGS: Warnings = Warnings(Mutex::new(Vec::new()));
    log::set_logger(&WARNINGS).unwrap();
    log::set_max_level(log::LevelFilter::Warn);

    let builder = Recorder::builder("orders").emitter(MemoryEmitter::new());
    let xray = builder.sampling_rules(LocalRules::everything()).build().unwrap();
    let segment = xray.begin_segment("web");
    let _current = segment.enter();
    let head = CallHead { method: "POST", path: "/shop.Orders/Place", ..CallHead::default() };
    let call = |policy: ClientPolicy| drop(Call::begin(&policy, &head).expect("it is recorded"));
    call(ClientPolicy::new().name("orders"));
    call(ClientPolicy::new().authority("orders:50051"));
    assert!(WARNINGS.0.lock().unwrap().is_empty(), "both say it");
    call(ClientPolicy::new());
    call(ClientPolicy::new());
    let warnings = WARNINGS.0.lock().unwrap();
    let [warning] = &**warnings else { panic!("{warnings:?}") };
    for part in ["\"/shop.Orders/Place\"", "UNKNOWN HOST", "`with_origin`", "`authority`"] {
        assert!(warning.contains(part), "{warning}");
    }
}
