//! An actix-web app, recorded. Run it beside a daemon, then open <http://127.0.0.1:3000/products/7>.
//!
//! ```text
//! cargo run --bin xrayd &
//! cargo run --example actix
//! ```

use std::time::Duration;

use actix_web::{App, HttpServer, rt::time::sleep, web};
use xray_actix::{CurrentSegment, Recorder, XRayMiddleware, subsegment};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let xray = Recorder::builder("products").build()?;
    let _flush = xray.install(); // sends what waits when it is dropped

    // Each request is a segment.
    let app =
        || App::new().route("/products/{id}", web::get().to(product)).wrap(XRayMiddleware::new());
    HttpServer::new(app).bind("127.0.0.1:3000")?.run().await?;
    Ok(())
}

async fn product(id: web::Path<u32>, segment: CurrentSegment) -> String {
    segment.annotate("product_id", *id); // indexed: traces are found by it
    let price = subsegment("look up price", async |step| {
        sleep(Duration::from_millis(20)).await;
        step.metadata("currency", "EUR");
        *id * 3
    })
    .await;
    format!("product {id} costs {price} EUR\n")
}
