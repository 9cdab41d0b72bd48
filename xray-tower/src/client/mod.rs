//! The client side: a subsegment per call.
//!
//! ```
//! use hyper_util::{client::legacy::Client, rt::TokioExecutor};
//! use tower::ServiceBuilder;
//! use xray_tower::XRayClientLayer;
//!
//! let client = Client::builder(TokioExecutor::new()).build_http();
//! let client = ServiceBuilder::new().layer(XRayClientLayer::new()).service(client);
//! # let mut client = client;
//! # async {
//! # let request = http::Request::new(http_body_util::Empty::<bytes::Bytes>::new());
//! # tower::Service::call(&mut client, request).await
//! # };
//! ```
//!
//! The subsegment is named after the host and ends at the response's head, or where the layer is told
//! [so](XRayClientLayer::until_body_end) at the end of the body. A call that brings no answer is a fault
//! with the error and its causes; one that is dropped before there is an answer is an error, `Canceled`.
//! User, password, query and fragment of a URL are never recorded.

mod body;
mod error;
mod future;
mod layer;
mod phase;
mod service;

pub use body::ResponseBody;
pub use error::{BoxedErrors, ErrorKind, PlainErrors};
pub use future::ResponseFuture;
pub use layer::XRayClientLayer;
pub use phase::{Phase, PhaseFuture};
pub use service::XRayClientMiddleware;
