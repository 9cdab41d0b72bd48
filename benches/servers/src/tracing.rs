//! The two ways to trace, each set up as its documentation shows.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use opentelemetry::global;
use opentelemetry_otlp::{Protocol, SpanExporter as OtlpExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter},
};
use serde_json::json;
use xray_tower::{Recorder, xray_core::sample::LocalRules};

/// How long what waits may take to leave.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which middleware a server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    XRay,
    Otel,
}

/// What is behind the middleware. It is the process's, as in most programs.
pub(crate) enum Tracing {
    Plain,
    XRay(Recorder),
    Otel(SdkTracerProvider, Arc<AtomicU64>),
}

impl Tracing {
    pub(crate) fn start(name: &str, rate: f64, address: &str) -> Result<Self, String> {
        match name {
            "plain" => Ok(Self::Plain),
            "xray" => xray(rate, address),
            "otel" => otel(rate, address),
            other => Err(format!("no tracing named {other:?}")),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Plain => Kind::Plain,
            Self::XRay(_) => Kind::XRay,
            Self::Otel(..) => Kind::Otel,
        }
    }

    pub(crate) fn flush(&self) {
        match self {
            Self::Plain => {}
            Self::XRay(recorder) => drop(recorder.flush(PATIENCE)),
            // What it could not send is not counted.
            Self::Otel(provider, _) => drop(provider.force_flush()),
        }
    }

    /// Segments or spans that have left, and those that it knows to be lost.
    pub(crate) fn recorded(&self) -> (u64, u64) {
        match self {
            Self::Plain => (0, 0),
            Self::XRay(recorder) => {
                let stats = recorder.stats();
                (stats.sent, stats.dropped())
            }
            // It keeps to itself what its queue had no room for.
            Self::Otel(_, count) => (count.load(Ordering::Relaxed), 0),
        }
    }
}

fn xray(rate: f64, address: &str) -> Result<Tracing, String> {
    let rules = json!({"version": 2, "default": {"fixed_target": 0, "rate": rate}});
    let rules = LocalRules::from_value(&rules).map_err(|error| error.to_string())?;
    let recorder = Recorder::builder("hello").daemon(address).sampling_rules(rules).build();
    let recorder = recorder.map_err(|error| error.to_string())?;
    // Its guard would flush at the end, which comes when nobody listens any more.
    std::mem::forget(recorder.clone().install());
    Ok(Tracing::XRay(recorder))
}

fn otel(rate: f64, address: &str) -> Result<Tracing, String> {
    let exporter = OtlpExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("http://{address}/v1/traces"))
        .build()
        .map_err(|error| error.to_string())?;
    let count = Arc::default();
    let counted = Counted { exporter, count: Arc::clone(&count) };
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name("hello").build())
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(rate))))
        .with_batch_exporter(counted)
        .build();
    global::set_text_map_propagator(TraceContextPropagator::new());
    global::set_tracer_provider(provider.clone());
    Ok(Tracing::Otel(provider, count))
}

/// Counts the spans that have left: the SDK does not say.
#[derive(Debug)]
struct Counted {
    exporter: OtlpExporter,
    count: Arc<AtomicU64>,
}

impl SpanExporter for Counted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        self.exporter.export(batch).await?;
        self.count.fetch_add(spans, Ordering::Relaxed);
        Ok(())
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
