//! The server side: a segment per request.

mod body;
mod future;
mod layer;
mod service;

pub use body::ResponseBody;
pub use future::ResponseFuture;
pub use layer::XRayMiddleware;
pub use service::XRayService;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use actix_web::http::header::HeaderName;
use xray_core::{header::HEADER_NAME, http::Exchange};

/// `X-Amzn-Trace-Id`, made once: actix-web allocates a name that it is given as text.
static TRACE_HEADER: HeaderName = HeaderName::from_static(HEADER_NAME);

/// Runs `work`; a panic is recorded and goes on unchanged.
fn recording_panics<T>(exchange: &mut Option<Exchange>, work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        if let Some(mut exchange) = exchange.take() {
            exchange.panicked(&*payload);
        }
        resume_unwind(payload)
    })
}
