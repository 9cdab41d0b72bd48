use std::fmt;
use std::future::Future;
use std::pin::Pin;

use hyper::StatusCode;
use hyper::body::Bytes;

/// One of the two calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// `POST /GetSamplingRules`
    Rules,
    /// `POST /SamplingTargets`
    Targets,
}

/// Somebody elsewhere who answers the calls in our place, such as X-Ray itself.
pub(crate) trait Upstream: Send + Sync + fmt::Debug {
    /// Passes the body on as it is, and gives the answer's status and body as they are.
    fn call(&self, operation: Operation, body: Bytes) -> Answering<'_>;
}

/// The answer to come: its status and JSON body, or why there is none.
pub(crate) type Answering<'a> =
    Pin<Box<dyn Future<Output = Result<(StatusCode, Bytes), String>> + Send + 'a>>;
