use lambda_handler::handle;
use lambda_runtime::{
    Error, LambdaEvent, Runtime, layers::OpenTelemetryLayer, service_fn, tracing::Span,
};
use opentelemetry::{
    Context,
    trace::{TraceContextExt, TracerProvider},
};
use opentelemetry_aws::{
    detector::LambdaResourceDetector,
    trace::{XrayIdGenerator, xray_propagator::span_context_from_str},
    xray_exporter::{XrayExporter, daemon_client::XrayDaemonClient},
};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_detector(Box::new(LambdaResourceDetector)).build())
        .with_id_generator(XrayIdGenerator::default())
        .with_batch_exporter(XrayExporter::new(XrayDaemonClient::default()))
        .build();
    // A span that was entered takes no parent any more, unless entering it does nothing.
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("hello"))
        .with_context_activation(false);
    tracing_subscriber::registry().with(layer).try_init()?;

    let handler = async |event: LambdaEvent<_>| {
        // The layer begins a trace of its own; this makes it part of Lambda's.
        let header = event.context.xray_trace_id.as_deref();
        if let Some(parent) = header.and_then(span_context_from_str) {
            Span::current().set_parent(Context::new().with_remote_span_context(parent))?;
        }
        handle(event).await
    };
    let flush = OpenTelemetryLayer::new(|| drop(provider.force_flush()));
    Runtime::new(service_fn(handler)).layer(flush).run().await
}
