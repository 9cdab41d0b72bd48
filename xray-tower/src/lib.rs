//! `xray-tower` records one AWS X-Ray segment per request for any Tower service: axum, hyper, tonic,
//! warp.
//!
//! ```no_run
//! # #[cfg(feature = "axum")]
//! # mod example {
//! use axum::{Router, routing::get};
//! use xray_tower::{CurrentSegment, Recorder, XRayLayer, subsegment};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let xray = Recorder::builder("orders").build()?;
//!     let _flush = xray.install(); // sends what waits when it is dropped
//!
//!     let app = Router::new().route("/orders/{id}", get(order)).layer(XRayLayer::new());
//!     axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app).await?;
//!     Ok(())
//! }
//!
//! async fn order(segment: CurrentSegment) -> String {
//!     segment.annotate("customer", "gold");
//!     load(7).await
//! }
//!
//! #[subsegment(fields(order_id = id))]
//! async fn load(id: u64) -> String {
//!     format!("order {id}")
//! }
//! # }
//! ```
//!
//! With the feature `axum`, the template of the matched route (`/orders/{id}`) becomes the
//! annotation `http_route`. Add the layer with [`Router::layer`], as above: around the whole router,
//! as in `XRayLayer::new().layer(router)`, the route is not known yet and there is no annotation.
//!
//! A segment closes when the last byte of the body has been handed over, at an error, at a panic, or
//! when the client goes away. A server-sent event stream and an upgraded connection end their segment
//! at the head.
//!
//! [`XRayClientLayer`] records the calls that a client makes as subsegments, see [`client`].
//!
//! [`Router::layer`]: https://docs.rs/axum/latest/axum/struct.Router.html#method.layer

pub mod client;
mod error;
#[cfg(feature = "axum")]
mod extract;
mod server;

pub use client::XRayClientLayer;
#[cfg(feature = "axum")]
pub use extract::CurrentSegment;
pub use server::{ResponseBody, ResponseFuture, XRayLayer, XRayMiddleware};

/// The function [`subsegment`](xray_core::subsegment()) and the attribute
/// [`#[subsegment]`](macro@xray_core::subsegment) of `xray_core`.
#[doc(inline)]
pub use xray_core::__private::tower::subsegment;
pub use xray_core::{
    self, Entity, FlushGuard, Recorder, Segment, Subsegment,
    http::{IgnoredCalls, Incoming},
    remote_call, segment,
};

/// What most code that records needs: `use xray_tower::prelude::*`.
pub mod prelude {
    // The attribute of its own goes before that of `xray_core`.
    pub use xray_core::{__private::tower::subsegment, prelude::*};
}
