//! A shop that records its functions, and its calls of a client that no integration knows. Run it beside a
//! daemon, and a redis if there is one, then open <http://127.0.0.1:3000/products/7>.
//!
//! ```text
//! cargo run --bin xrayd &
//! cargo run --example calls
//! ```

use std::io;

use axum::{Router, extract::Path, routing::get};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use xray_tower::{Recorder, XRayLayer, prelude::*};

const CACHE: &str = "redis://127.0.0.1:6379";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let xray = Recorder::builder("products").build()?;
    let _flush = xray.install(); // sends what waits when it is dropped

    let app = Router::new().route("/products/{id}", get(product)).layer(XRayLayer::new());
    axum::serve(TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}

async fn product(Path(id): Path<u32>) -> String {
    match price(id, "EUR").await {
        Ok(price) => format!("product {id} costs {price}\n"),
        Err(error) => format!("product {id} has no price: {error}\n"),
    }
}

// `product_id` is indexed, so traces are found by it; `currency` is kept as metadata, and so is the error.
#[subsegment(name = "look up price", fields(product_id = id), err)]
async fn price(id: u32, currency: &str) -> io::Result<String> {
    tokio::spawn(remember(id).in_current_segment()); // in another task
    Ok(format!("{} {currency}", cached(id).await?))
}

/// An edge to `redis@127.0.0.1` on the service map.
async fn cached(id: u32) -> io::Result<u32> {
    let call = remote_call("redis", CACHE);
    call.run(async |call| {
        call.annotate("command", "STRLEN");
        command(&format!("STRLEN price-{id}\r\n")).await
    })
    .await
}

#[subsegment(err)]
async fn remember(id: u32) -> io::Result<()> {
    let call = remote_call("redis", CACHE);
    call.run(async |_| command(&format!("APPEND price-{id} x\r\n")).await).await.map(drop)
}

/// What a client does that has no integration.
async fn command(text: &str) -> io::Result<u32> {
    let mut redis = BufReader::new(TcpStream::connect("127.0.0.1:6379").await?);
    redis.write_all(text.as_bytes()).await?;
    let mut answer = String::new();
    redis.read_line(&mut answer).await?;
    answer.trim().trim_start_matches(':').parse().map_err(io::Error::other)
}
