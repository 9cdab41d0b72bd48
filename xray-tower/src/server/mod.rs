//! The server side: a segment per request.

mod body;
mod future;
mod layer;
mod service;

pub use body::ResponseBody;
pub use future::ResponseFuture;
pub use layer::XRayLayer;
pub use service::XRayMiddleware;

use std::{any::type_name, fmt::Display};

use http::HeaderName;
use xray_core::{
    header::HEADER_NAME,
    http::{Exchange, boxed},
};

/// `X-Amzn-Trace-Id`, made once: a name that is given as text is looked through each time.
static TRACE_HEADER: HeaderName = HeaderName::from_static(HEADER_NAME);

/// Records an error with its causes where its type shows them.
fn fail<E: Display + 'static>(exchange: &mut Exchange, error: &E) {
    match boxed(error) {
        Some(error) => exchange.fail(error, None),
        None => exchange.fail_as(type_name::<E>(), &error.to_string(), None),
    }
}
