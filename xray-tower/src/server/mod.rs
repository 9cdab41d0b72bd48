//! The server side: a segment per request.

mod body;
mod future;
mod layer;
mod service;

pub use body::ResponseBody;
pub use future::ResponseFuture;
pub use layer::XRayLayer;
pub use service::XRayMiddleware;

use std::{
    any::{Any, type_name},
    error::Error,
    fmt::Display,
};

use xray_core::http::Exchange;

/// Tower's usual error.
type BoxError = Box<dyn Error + Send + Sync>;

/// Records an error with its causes where its type shows them.
fn fail<E: Display + 'static>(exchange: &mut Exchange, error: &E) {
    match (error as &dyn Any).downcast_ref::<BoxError>() {
        Some(error) => exchange.fail(&**error, None),
        None => exchange.fail_as(type_name::<E>(), &error.to_string(), None),
    }
}
