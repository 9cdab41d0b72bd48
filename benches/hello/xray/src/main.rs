use axum::{Router, routing::get};
use xray_tower::{Recorder, XRayLayer};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let xray = Recorder::builder("hello").build()?;
    let _flush = xray.install();

    let app = Router::new().route("/", get(async || "Hello, World!")).layer(XRayLayer::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
