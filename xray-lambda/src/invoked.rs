use std::borrow::Cow;

use lambda_runtime::{Context, LambdaEvent};

/// What a handler is called with: it tells of the invocation.
///
/// [`LambdaEvent`] does, and with the feature `http` a request of `lambda_http`.
///
/// ```
/// use lambda_runtime::{Context, LambdaEvent};
/// use xray_lambda::Invoked;
///
/// let event = LambdaEvent::new("payload", Context::default());
/// assert!(event.context().is_some());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a handler of Lambda is called with",
    note = "the layer goes around the handler, not into `Runtime::layer`: \
            `run(XRayLambdaLayer::new().layer(service_fn(handler)))`",
    note = "for handlers of `lambda_http`, xray-lambda needs its feature `http`"
)]
pub trait Invoked {
    /// The invocation's own context; `None` for a request that did not come through Lambda.
    fn context(&self) -> Option<&Context>;

    /// W3C's `traceparent` of an event that is an HTTP request.
    fn traceparent(&self) -> Option<&[u8]> {
        None
    }

    /// W3C's `tracestate` that belongs to it.
    fn tracestate(&self) -> Option<Cow<'_, [u8]>> {
        None
    }
}

impl<T> Invoked for LambdaEvent<T> {
    fn context(&self) -> Option<&Context> {
        Some(&self.context)
    }
}

#[cfg(feature = "http")]
impl<B> Invoked for lambda_http::http::Request<B> {
    fn context(&self) -> Option<&Context> {
        lambda_http::RequestExt::lambda_context_ref(self.extensions())
    }

    fn traceparent(&self) -> Option<&[u8]> {
        xray_core::header::only(values(self, xray_core::header::TRACEPARENT))
    }

    fn tracestate(&self) -> Option<Cow<'_, [u8]>> {
        xray_core::header::joined(values(self, xray_core::header::TRACESTATE))
    }
}

#[cfg(feature = "http")]
fn values<'a, B>(
    request: &'a lambda_http::http::Request<B>,
    name: &'static str,
) -> impl Iterator<Item = &'a [u8]> {
    request.headers().get_all(name).into_iter().map(lambda_http::http::HeaderValue::as_bytes)
}
