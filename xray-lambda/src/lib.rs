//! `xray-lambda` records what AWS Lambda functions in Rust do, beneath the segment that Lambda itself sends.
//!
//! ```no_run
//! use lambda_runtime::{Error, LambdaEvent, service_fn, tower::Layer};
//! use serde_json::Value;
//! use xray_lambda::{Recorder, XRayLambdaLayer, subsegment};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Error> {
//!     let _flush = Recorder::builder("orders").build()?.install();
//!     lambda_runtime::run(XRayLambdaLayer::new().layer(service_fn(handler))).await
//! }
//!
//! async fn handler(event: LambdaEvent<Value>) -> Result<Value, Error> {
//!     subsegment("price", async |price| price.annotate("items", 3)).await;
//!     Ok(event.payload)
//! }
//! ```
//!
//! # What is recorded
//!
//! Each invocation is a subsegment `handler` of the segment `AWS::Lambda::Function`, which is Lambda's and which
//! nobody else can add to. Its annotations are `cold_start`, whether somebody waited for this process to
//! start, and `request_id`, by which the invocation's log lines are found. An error that the handler
//! returns, and a panic, make it a fault and are described there; both go on unchanged. What still runs a
//! tenth of a second before the deadline is sent as it stands, in progress and as a fault, since Lambda kills
//! it without a word: unless it blocks its thread. So is a response whose body is not complete by then, where
//! `XRayLayer` of `xray-tower` records its request.
//!
//! Everything has been sent when the handler's future is ready, before Lambda gets the response and may freeze
//! the process. There is no thread, and nothing grows from one invocation to the next.
//!
//! # Whose trace
//!
//! The header of the invocation's own [`Context`](lambda_runtime::Context) decides, so that invocations
//! that run at the same time (`run_concurrent`) never mix; the environment's `_X_AMZN_TRACE_ID` counts where
//! that has none.
//!
//! | header | recorded | calls carry |
//! |---|---|---|
//! | `Root`, `Parent`, `Sampled=1` | yes | the subsegment that makes them, `Sampled=1` |
//! | `Root`, `Parent`, `Sampled=0` | no | `Root`, `Parent`, `Sampled=0` |
//! | `Root`, `Parent`, `Sampled=?` | no | `Root`, `Parent`, `Sampled=0` |
//! | `Root` alone, where X-Ray passes through | no | the header as it came |
//! | none | no | nothing |
//!
//! `Lineage`, by which Lambda looks for loops, goes on with each call.
//!
//! # HTTP
//!
//! With the feature `http` the layer goes around handlers of `lambda_http` as well, plain ones and routers of axum.
//! Inside of it, `XRayLayer` of `xray-tower` adds a subsegment with the request, its route and its response:
//! it knows that Lambda has the segment.
//!
#![cfg_attr(feature = "http", doc = "```no_run")]
#![cfg_attr(not(feature = "http"), doc = "```ignore")]
//! use axum::{Router, routing::get};
//! use lambda_http::tower::Layer;
//! use xray_lambda::{Recorder, XRayLambdaLayer};
//! use xray_tower::XRayLayer;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), lambda_http::Error> {
//! let _flush = Recorder::builder("orders").build()?.install();
//! let app = Router::new().route("/orders/{id}", get(|| async { "an order" })).layer(XRayLayer::new());
//! lambda_http::run(XRayLambdaLayer::new().layer(app)).await
//! # }
//! ```
//!
//! A response that is streamed leaves with the last byte of its body.

mod deadline;
pub mod event;
mod future;
mod invoked;
mod layer;
mod service;
mod start;

pub use future::InvocationFuture;
pub use invoked::Invoked;
pub use layer::XRayLambdaLayer;
pub use service::XRayInvocation;

/// The function [`subsegment`](xray_core::subsegment()) and the attribute
/// [`#[subsegment]`](macro@xray_core::subsegment) of `xray_core`.
#[doc(inline)]
pub use xray_core::__private::lambda::subsegment;
#[doc(no_inline)]
pub use xray_core::{
    self, Entity, FlushGuard, Recorder, Segment, Subsegment, remote_call, segment,
};

/// What most code that records needs: `use xray_lambda::prelude::*`.
pub mod prelude {
    // The attribute of its own goes before that of `xray_core`.
    pub use xray_core::{__private::lambda::subsegment, prelude::*};
}

#[cfg(all(doctest, feature = "http", feature = "sqs"))]
#[doc = include_str!("../../docs/lambda.md")]
struct Page;
