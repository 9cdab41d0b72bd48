//! The server side: a segment per request.

mod body;
mod future;
mod layer;
mod service;

pub use body::ResponseBody;
pub use future::ResponseFuture;
pub use layer::XRayMiddleware;
pub use service::XRayService;

use actix_web::http::header::HeaderName;
use xray_core::header::{HEADER_NAME, TRACEPARENT, TRACESTATE};

/// `X-Amzn-Trace-Id`, made once as the others: actix-web allocates a name that it is given as text.
static TRACE_HEADER: HeaderName = HeaderName::from_static(HEADER_NAME);
static TRACE_PARENT: HeaderName = HeaderName::from_static(TRACEPARENT);
static TRACE_STATE: HeaderName = HeaderName::from_static(TRACESTATE);
