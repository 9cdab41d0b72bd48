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
//! In a function of AWS Lambda, inside of the layer of `xray-lambda`, a request is a subsegment, since the
//! segment is Lambda's.
//!
//! [`XRayClientLayer`] records the calls that a client makes as subsegments, see [`client`].
//!
//! # gRPC
//!
//! Calls of gRPC are known by their content type, on both sides. Their URL is
//! `grpc://host/package.Service/Method`, and how they ended is read from `grpc-status`, in the trailers or in
//! a head that nothing follows, in place of the HTTP status: see [`grpc`](xray_core::http::grpc). A
//! stream is open until its end. With the feature `tonic`, the client's address is recorded too.
//!
//! ```no_run
//! use tonic::transport::{Channel, Server};
//! use tower::ServiceBuilder;
//! use xray_tower::{XRayClientLayer, XRayLayer};
//!
//! # type OrdersClient<C> = tonic::client::Grpc<C>;
//! # async fn example(orders: tonic::service::Routes, channel: Channel) -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::builder().layer(XRayLayer::new()).add_routes(orders);
//!
//! let channel = ServiceBuilder::new().layer(XRayClientLayer::new()).service(channel);
//! let client = OrdersClient::with_origin(channel, "http://orders:50051".parse()?);
//! # Ok(())
//! # }
//! ```
//!
//! `with_origin` tells the layer whom it calls, which otherwise the channel alone knows; so does
//! [`XRayClientLayer::authority`]. tonic drops a call whose deadline has passed: where the caller said how
//! long it waits, that is recorded as `DEADLINE_EXCEEDED`, else as the client's leaving. gRPC-Web, whose
//! trailers are a part of its body, is recorded as plain HTTP.
//!
//! [`Router::layer`]: https://docs.rs/axum/latest/axum/struct.Router.html#method.layer

pub mod client;
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
    http::{AccessLog, IgnoredCalls, Incoming},
    remote_call, segment,
};

/// What most code that records needs: `use xray_tower::prelude::*`.
pub mod prelude {
    // The attribute of its own goes before that of `xray_core`.
    pub use xray_core::{__private::tower::subsegment, prelude::*};
}

/// A header's value.
fn bytes(headers: &http::HeaderMap, name: impl http::header::AsHeaderName) -> Option<&[u8]> {
    headers.get(name).map(http::HeaderValue::as_bytes)
}
