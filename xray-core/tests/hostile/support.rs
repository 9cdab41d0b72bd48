//! A recorder whose datagrams are kept, and a logger that records as well.

use std::{
    sync::{Arc, LazyLock, Mutex, Once, PoisonError},
    time::Duration,
};

use serde_json::Value;
use xray_core::{
    Delivery, Entity, Recorder, RecorderBuilder,
    document::MAX_DATAGRAM,
    emit::{Emitter, Record},
    sample::LocalRules,
    stats::{Counters, Drop},
};

use crate::check;

pub(crate) const SOON: Duration = Duration::from_secs(30);

pub(crate) const HEADER: &[u8] = b"{\"format\":\"json\",\"version\":1}\n";

/// What the UDP emitter would send. A clone shares the datagrams.
#[derive(Clone, Default)]
pub(crate) struct Wire(Arc<Mutex<Vec<Vec<u8>>>>);

impl Wire {
    /// What was sent so far, each document checked.
    pub(crate) fn take(&self) -> Vec<Value> {
        let sent = std::mem::take(&mut *self.0.lock().unwrap());
        sent.iter().map(|datagram| check::read(datagram)).collect()
    }

    pub(crate) fn only(&self) -> Value {
        let mut documents = self.take();
        assert_eq!(documents.len(), 1);
        documents.remove(0)
    }
}

impl Emitter for Wire {
    fn emit(&mut self, records: &[Record], counters: &Counters) {
        let mut buffer = Vec::new();
        for record in records {
            let written = record.write_json(HEADER, MAX_DATAGRAM, &mut buffer, |datagram| {
                self.0.lock().unwrap().push(datagram.to_vec());
            });
            counters.sent(written.documents, 0);
            counters.trimmed(written.trimmed);
            counters.dropped(Drop::Oversize, written.oversize);
        }
    }
}

pub(crate) fn builder() -> RecorderBuilder {
    logged();
    Recorder::builder("orders").sampling_rules(LocalRules::everything())
}

pub(crate) fn recorder() -> (Recorder, Wire) {
    let wire = Wire::default();
    let xray = builder().emitter(wire.clone()).delivery(Delivery::Inline).build().unwrap();
    (xray, wire)
}

/// The lines that were logged so far. The logger annotates what is current, as a program may that
/// wants its warnings in its traces.
pub(crate) fn logged() -> Vec<String> {
    static LINES: LazyLock<Mutex<Vec<String>>> = LazyLock::new(Mutex::default);
    struct Annotates;
    impl log::Log for Annotates {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            let line = record.args().to_string();
            assert!(line.len() < 1_000, "a line of {} bytes", line.len());
            Entity::current().annotate("last_line", line.len());
            LINES.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }

        fn flush(&self) {}
    }
    static SET: Once = Once::new();
    SET.call_once(|| {
        log::set_logger(&Annotates).unwrap();
        log::set_max_level(log::LevelFilter::Debug);
    });
    LINES.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Lines that were logged and hold this text.
pub(crate) fn logged_of(text: &str) -> usize {
    logged().iter().filter(|line| line.contains(text)).count()
}
