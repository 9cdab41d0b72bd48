use std::borrow::Cow;

use axum::{Router, routing::get};
use fastrace::collector::Config;
use fastrace_axum::FastraceLayer;
use fastrace_opentelemetry::OpenTelemetryReporter;
use opentelemetry::InstrumentationScope;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let exporter = SpanExporter::builder().with_http().build()?;
    let resource = Resource::builder().with_service_name("hello").build();
    let scope = InstrumentationScope::builder("hello").build();
    let reporter = OpenTelemetryReporter::new(exporter, Cow::Owned(resource), scope);
    fastrace::set_reporter(reporter, Config::default());

    let app =
        Router::new().route("/", get(async || "Hello, World!")).layer(FastraceLayer::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await?;
    fastrace::flush();
    Ok(())
}
