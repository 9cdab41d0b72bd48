//! `xray-actix` records one AWS X-Ray segment per request for any actix-web app.
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//! use xray_actix::{CurrentSegment, Recorder, XRayMiddleware, subsegment};
//!
//! #[actix_web::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let xray = Recorder::builder("orders").build()?;
//!     let _flush = xray.install(); // sends what waits when it is dropped
//!
//!     let app = || App::new().wrap(XRayMiddleware::new()).route("/orders/{id}", web::get().to(order));
//!     HttpServer::new(app).bind("127.0.0.1:3000")?.run().await?;
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
//! ```
//!
//! The pattern of the matched resource (`/orders/{id}`) becomes the annotation `http_route`. Wrap the
//! app last, so that the segment holds what the other middlewares do: with actix-web, the last `wrap`
//! is the outermost.
//!
//! A segment closes when the last byte of the body has been handed over, at an error, at a panic, or
//! when the client goes away. A server-sent event stream and an upgraded connection end their segment
//! at the head.
//!
//! With the feature `awc`, `XRayClientMiddleware` records the calls of awc's client:
//! `awc::Client::builder().wrap(XRayClientMiddleware::new()).finish()`.
//!
//! actix-web lets a handler run to its end for a client that leaves before there is a response,
//! since it may only have stopped sending; `HttpServer::h1_allow_half_closed(false)` changes that, and
//! such a request is then recorded as the client's leaving.

#[cfg(feature = "awc")]
pub mod client;
mod extract;
mod server;

#[cfg(feature = "awc")]
pub use client::XRayClientMiddleware;
pub use extract::CurrentSegment;
pub use server::{ResponseBody, ResponseFuture, XRayMiddleware, XRayService};

/// The function [`subsegment`](xray_core::subsegment()) and the attribute
/// [`#[subsegment]`](macro@xray_core::subsegment) of `xray_core`.
#[doc(inline)]
pub use xray_core::__private::actix::subsegment;
pub use xray_core::{
    self, Entity, FlushGuard, Recorder, Segment, Subsegment,
    http::{AccessLog, IgnoredCalls, Incoming},
    remote_call, segment,
};

/// What most code that records needs: `use xray_actix::prelude::*`.
pub mod prelude {
    // The attribute of its own goes before that of `xray_core`.
    pub use xray_core::{__private::actix::subsegment, prelude::*};
}
