use lambda_handler::handle;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use opentelemetry::{
    Context,
    trace::{FutureExt, SpanContext, TraceContextExt, Tracer, TracerProvider},
};
use opentelemetry_aws::{
    detector::LambdaResourceDetector,
    trace::{XrayIdGenerator, xray_propagator::span_context_from_str},
    xray_exporter::{XrayExporter, daemon_client::XrayDaemonClient},
};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_detector(Box::new(LambdaResourceDetector)).build())
        .with_id_generator(XrayIdGenerator::default())
        // Exports where the span ends, so that nothing is left when the function is frozen.
        .with_simple_exporter(XrayExporter::new(XrayDaemonClient::default()))
        .build();
    let tracer = provider.tracer("hello");
    let handler = async |event: LambdaEvent<_>| {
        let header = event.context.xray_trace_id.as_deref();
        let parent = header.and_then(span_context_from_str).unwrap_or(SpanContext::NONE);
        let parent = Context::new().with_remote_span_context(parent);
        let context = parent.with_span(tracer.start_with_context("handler", &parent));
        let answer = handle(event).with_context(context.clone()).await;
        context.span().end();
        answer
    };
    lambda_runtime::run(service_fn(handler)).await
}
