use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SpanData, SpanExporter},
};

use crate::SPANS;

/// Spans that an exporter was given and is done with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Count {
    done: Arc<AtomicU64>,
    failed: Arc<AtomicU64>,
}

impl Count {
    /// Spans of so many requests that are on their way.
    pub(crate) fn waiting(&self, requests: u64) -> u64 {
        (requests * SPANS).saturating_sub(self.done.load(Ordering::Acquire))
    }

    /// What waits of so many requests has failed.
    pub(crate) fn abandon(&self, requests: u64) {
        let waiting = self.waiting(requests);
        self.failed.fetch_add(waiting, Ordering::Relaxed);
        self.done.fetch_add(waiting, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}

/// An exporter whose spans are counted: the SDK does not say how many have left.
#[derive(Debug)]
pub(crate) struct Counted<E> {
    exporter: E,
    count: Count,
}

impl<E> Counted<E> {
    pub(crate) fn new(exporter: E, count: &Count) -> Self {
        Self { exporter, count: count.clone() }
    }
}

impl<E: SpanExporter> SpanExporter for Counted<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        let outcome = self.exporter.export(batch).await;
        if outcome.is_err() {
            self.count.failed.fetch_add(spans, Ordering::Relaxed);
        }
        self.count.done.fetch_add(spans, Ordering::Release);
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
