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
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use xray_core::http::Exchange;

/// Tower's usual error.
type BoxError = Box<dyn Error + Send + Sync>;

/// Runs `work`; a panic is recorded and goes on unchanged.
fn recording_panics<T>(exchange: &mut Option<Exchange>, work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        if let Some(mut exchange) = exchange.take() {
            exchange.panicked(&*payload);
        }
        resume_unwind(payload)
    })
}

/// Records an error with its causes where its type shows them.
fn fail<E: Display + 'static>(exchange: &mut Exchange, error: &E) {
    match (error as &dyn Any).downcast_ref::<BoxError>() {
        Some(error) => exchange.fail(&**error, None),
        None => exchange.fail_as(type_name::<E>(), &error.to_string(), None),
    }
}
