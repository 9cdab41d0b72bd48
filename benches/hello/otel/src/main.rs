use axum::{Router, routing::get};
use opentelemetry::global;
use opentelemetry_instrumentation_tower::http::server::Layer;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name("hello").build())
        .with_batch_exporter(SpanExporter::builder().with_http().build()?)
        .build();
    global::set_text_map_propagator(TraceContextPropagator::new());
    global::set_tracer_provider(provider.clone());

    let app = Router::new().route("/", get(async || "Hello, World!")).layer(Layer::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await?;
    provider.shutdown()?;
    Ok(())
}
