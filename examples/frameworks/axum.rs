//! An axum app, recorded. Run it beside a daemon, then open <http://127.0.0.1:3000/products/7>.
//!
//! ```text
//! cargo run --bin xrayd &
//! cargo run --example axum
//! ```

use std::time::Duration;

use axum::{Router, extract::Path, routing::get};
use tokio::{net::TcpListener, time::sleep};
use xray_tower::{CurrentSegment, Recorder, XRayLayer, subsegment};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let xray = Recorder::builder("products").build()?;
    let _flush = xray.install(); // sends what waits when it is dropped

    // Each request is a segment.
    let app = Router::new().route("/products/{id}", get(product)).layer(XRayLayer::new());
    axum::serve(TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}

async fn product(Path(id): Path<u32>, segment: CurrentSegment) -> String {
    segment.annotate("product_id", id); // indexed: traces are found by it
    let price = subsegment("look up price", async |step| {
        sleep(Duration::from_millis(20)).await;
        step.metadata("currency", "EUR");
        id * 3
    })
    .await;
    format!("product {id} costs {price} EUR\n")
}
