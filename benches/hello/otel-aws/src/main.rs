use axum::{Router, routing::get};
use opentelemetry::global;
use opentelemetry_aws::{
    trace::{XrayIdGenerator, XrayPropagator},
    xray_exporter::{XrayExporter, daemon_client::XrayDaemonClient},
};
use opentelemetry_instrumentation_tower::http::server::Layer;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let daemon = XrayDaemonClient::new("127.0.0.1:2000".parse()?)?;
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name("hello").build())
        .with_id_generator(XrayIdGenerator::default())
        .with_batch_exporter(XrayExporter::new(daemon))
        .build();
    global::set_text_map_propagator(XrayPropagator::default());
    global::set_tracer_provider(provider.clone());

    let app = Router::new().route("/", get(async || "Hello, World!")).layer(Layer::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await?;
    provider.shutdown()?;
    Ok(())
}
