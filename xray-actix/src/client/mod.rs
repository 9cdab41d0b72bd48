//! The client side: a subsegment per call.

mod body;
mod error;
mod future;
mod layer;
mod service;

pub use future::ResponseFuture;
pub use layer::XRayClientMiddleware;
pub use service::XRayClientService;
