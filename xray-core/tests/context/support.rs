use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use xray_core::{
    Delivery, Recorder, SegmentId, Subsegment,
    prelude::*,
    sample::LocalRules,
    testing::{MemoryEmitter, Trees},
};

pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) fn recorder(delivery: Delivery) -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let xray = Recorder::builder("orders")
        .emitter(memory.clone())
        .delivery(delivery)
        .sampling_rules(LocalRules::everything())
        .build()
        .unwrap();
    (xray, memory)
}

pub(crate) fn inline() -> (Recorder, MemoryEmitter) {
    recorder(Delivery::Inline)
}

/// Records that the code ran, under whatever is current.
pub(crate) fn mark(name: &str) {
    Subsegment::begin(name).end();
}

pub(crate) fn current() -> SegmentId {
    Entity::current().id()
}

/// What was recorded, as an outline.
pub(crate) fn outline(memory: &MemoryEmitter) -> String {
    Trees::of(&memory.take()).to_string()
}

pub(crate) fn nothing_is_current() -> bool {
    current().is_noop()
}

pub(crate) fn poll<T>(work: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Poll<T> {
    work.poll(&mut Context::from_waker(Waker::noop()))
}
