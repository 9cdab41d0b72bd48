//! `opentelemetry_sdk` with the batch processor as it comes, and the exporters that send from it.

use std::net::SocketAddr;

use bench_driver::{Contender, Item};
use opentelemetry::{
    Context, KeyValue, SpanId, TraceFlags, TraceId,
    trace::{Span, SpanContext, SpanKind, TraceContextExt, TraceState, Tracer, TracerProvider},
};
use opentelemetry_aws::{
    trace::XrayIdGenerator,
    xray_exporter::{SegmentTranslator, XrayExporter, daemon_client::XrayDaemonClient},
};
use opentelemetry_otlp::{Protocol, SpanExporter as OtlpExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracer, SdkTracerProvider, SpanExporter, TracerProviderBuilder},
};

use crate::{
    SPANS,
    counted::{Count, Counted},
};

/// Three quarters of the batch processor's queue.
pub(crate) const ROOM: u64 = 2_048 / 4 * 3;

/// Keys of annotations, in the order of the subsegments.
type Keys = [[&'static str; 2]; 3];

const KEYS: Keys = [["customer", "attempt"], ["shard", "rows"], ["template", "cached"]];

/// What the X-Ray exporter takes for annotations.
const PREFIXED: Keys = [
    ["annotation.customer", "annotation.attempt"],
    ["annotation.shard", "annotation.rows"],
    ["annotation.template", "annotation.cached"],
];

pub(crate) struct Otel {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    count: Count,
    keys: &'static Keys,
}

impl Otel {
    pub(crate) fn new(
        builder: TracerProviderBuilder,
        exporter: impl SpanExporter + 'static,
        keys: &'static Keys,
    ) -> Self {
        let count = Count::default();
        let resource = Resource::builder_empty().with_service_name("orders").build();
        let provider = builder
            .with_resource(resource)
            .with_batch_exporter(Counted::new(exporter, &count))
            .build();
        Self { tracer: provider.tracer("orders"), provider, count, keys }
    }

    pub(crate) fn tracer(&self) -> &SdkTracer {
        &self.tracer
    }
}

/// OTLP over HTTP, with the blocking client that is the default.
pub(crate) fn http(address: SocketAddr) -> Otel {
    Otel::new(SdkTracerProvider::builder(), http_exporter(address), &KEYS)
}

pub(crate) fn http_exporter(address: SocketAddr) -> OtlpExporter {
    OtlpExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("http://{address}/v1/traces"))
        .build()
        .expect("the endpoint is in order")
}

/// OTLP over gRPC; tonic asks for a tokio runtime, which one thread drives.
pub(crate) fn grpc(address: SocketAddr) -> Otel {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build().expect("threads can be started");
    let _entered = runtime.enter();
    let exporter = OtlpExporter::builder()
        .with_tonic()
        .with_endpoint(format!("http://{address}"))
        .build()
        .expect("the endpoint is in order");
    let otel = Otel::new(SdkTracerProvider::builder(), exporter, &KEYS);
    // It serves until the process ends.
    std::mem::forget(_entered);
    Box::leak(Box::new(runtime));
    otel
}

/// X-Ray documents over UDP: one for each span, or one for the spans of a trace that leave together.
pub(crate) fn aws(address: SocketAddr, nested: bool) -> Otel {
    let client = XrayDaemonClient::new(address).expect("a socket can be opened");
    let mut translator = SegmentTranslator::new();
    if nested {
        translator = translator.always_nest_subsegments();
    }
    let exporter = XrayExporter::new(client).with_translator(translator);
    let builder = SdkTracerProvider::builder().with_id_generator(XrayIdGenerator::default());
    Otel::new(builder, exporter, &PREFIXED)
}

/// What a propagator makes of the caller's header.
pub(crate) fn parent(item: &Item, sampled: bool) -> SpanContext {
    let flags = if sampled { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
    let (trace, span) = (TraceId::from(item.trace), SpanId::from(item.parent));
    SpanContext::new(trace, span, flags, true, TraceState::default())
}

impl Contender for Otel {
    type Parent = SpanContext;

    fn parent(&self, item: &Item, sampled: bool) -> SpanContext {
        parent(item, sampled)
    }

    fn request(&self, parent: &SpanContext, item: &Item) {
        let tracer = &self.tracer;
        let [call_keys, query_keys, render_keys] = self.keys;
        let remote = Context::new().with_remote_span_context(parent.clone());
        let mut attributes = Vec::with_capacity(4);
        attributes.push(KeyValue::new("http.request.method", "GET"));
        attributes.push(KeyValue::new("url.full", item.url.clone()));
        attributes.push(KeyValue::new("user_agent.original", item.user_agent.clone()));
        let root = tracer.span_builder("orders").with_kind(SpanKind::Server);
        let root = root.with_attributes(attributes).start_with_context(tracer, &remote);
        let context = remote.with_span(root);

        let mut attributes = Vec::with_capacity(5);
        attributes.push(KeyValue::new("http.request.method", "POST"));
        attributes.push(KeyValue::new("url.full", item.remote_url.clone()));
        let call = tracer.span_builder("payments.example.com").with_kind(SpanKind::Client);
        let mut call = call.with_attributes(attributes).start_with_context(tracer, &context);
        call.set_attribute(KeyValue::new(call_keys[0], item.customer.clone()));
        call.set_attribute(KeyValue::new(call_keys[1], item.attempt));
        call.set_attribute(KeyValue::new("http.response.status_code", 201));
        call.end();

        let mut attributes = Vec::with_capacity(6);
        attributes.push(KeyValue::new("db.system.name", "postgresql"));
        attributes.push(KeyValue::new("server.address", item.database_url.clone()));
        attributes.push(KeyValue::new("db.user", "orders"));
        let text = "SELECT id, state, total FROM orders WHERE id = $1";
        attributes.push(KeyValue::new("db.query.text", text));
        let query = tracer.span_builder("orders@db.internal").with_kind(SpanKind::Client);
        let mut query = query.with_attributes(attributes).start_with_context(tracer, &context);
        query.set_attribute(KeyValue::new(query_keys[0], item.shard.clone()));
        query.set_attribute(KeyValue::new(query_keys[1], item.rows));
        query.end();

        let attributes = vec![
            KeyValue::new(render_keys[0], item.template.clone()),
            KeyValue::new(render_keys[1], item.cached),
        ];
        let render = tracer.span_builder("render").with_attributes(attributes);
        render.start_with_context(tracer, &context).end();

        let root = context.span();
        root.set_attribute(KeyValue::new("http.response.status_code", 200));
        root.end();
    }

    fn waiting(&self, begun: u64) -> u64 {
        self.count.waiting(begun)
    }

    fn room(&self) -> u64 {
        ROOM
    }

    fn flush(&self) {
        // What it cannot send the count tells.
        let _ = self.provider.force_flush();
    }

    fn abandon(&self, begun: u64) {
        self.count.abandon(begun);
    }

    fn lost(&self) -> u64 {
        self.count.failed()
    }
}

const _: () = assert!(SPANS * (bench_driver::POOL as u64) <= 2_048, "a burst fits the queue");
