//! The client side: a subsegment per call.

mod body;
mod error;
mod future;
mod layer;
mod service;

pub use body::ResponseBody;
pub use error::{BoxedErrors, ErrorKind, PlainErrors};
pub use future::ResponseFuture;
pub use layer::XRayClientLayer;
pub use service::XRayClientMiddleware;
