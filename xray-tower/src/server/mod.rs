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

use http::{HeaderMap, HeaderName, HeaderValue, header::AsHeaderName};
use xray_core::{header::HEADER_NAME, http::Exchange};

/// `X-Amzn-Trace-Id`, made once: a name that is given as text is looked through each time.
static TRACE_HEADER: HeaderName = HeaderName::from_static(HEADER_NAME);

/// A header's value.
fn bytes(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&[u8]> {
    headers.get(name).map(HeaderValue::as_bytes)
}

/// Tower's usual error.
type BoxError = Box<dyn Error + Send + Sync>;

/// Records an error with its causes where its type shows them.
fn fail<E: Display + 'static>(exchange: &mut Exchange, error: &E) {
    match (error as &dyn Any).downcast_ref::<BoxError>() {
        Some(error) => exchange.fail(&**error, None),
        None => exchange.fail_as(type_name::<E>(), &error.to_string(), None),
    }
}
