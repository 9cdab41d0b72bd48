use axum::{Router, routing::get};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tower_http::trace::TraceLayer;
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name("hello").build())
        .with_batch_exporter(SpanExporter::builder().with_http().build()?)
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("hello"));
    tracing_subscriber::registry().with(layer).try_init()?;

    let app =
        Router::new().route("/", get(async || "Hello, World!")).layer(TraceLayer::new_for_http());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await?;
    provider.shutdown()?;
    Ok(())
}
