use std::sync::Arc;

use tower_layer::Layer;
use xray_core::Recorder;

use crate::XRayInvocation;

/// Wraps a handler so that each invocation is recorded beneath the segment that Lambda sends for it.
///
/// It goes around the handler, inside of what `lambda_runtime::run` or `lambda_http::run` takes. In
/// `Runtime::layer` it would be too late, since there the response has been posted before the layer sees
/// the invocation end, and Lambda may have frozen the process. A second layer within another adds nothing.
///
/// ```no_run
/// use lambda_runtime::{Error, LambdaEvent, service_fn, tower::Layer};
/// use xray_lambda::{Recorder, XRayLambdaLayer};
///
/// # async fn handler(event: LambdaEvent<String>) -> Result<String, Error> { Ok(event.payload) }
/// # async fn example() -> Result<(), Error> {
/// let xray = Recorder::builder("orders").build()?;
/// let _flush = xray.install();
/// lambda_runtime::run(XRayLambdaLayer::new().layer(service_fn(handler))).await
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct XRayLambdaLayer {
    recorder: Option<Recorder>,
    name: Arc<str>,
}

impl XRayLambdaLayer {
    /// A layer for the recorder that is [installed](Recorder::install) when an invocation comes; with
    /// none, invocations pass through untouched, and the log says so once.
    #[must_use]
    pub fn new() -> Self {
        Self { recorder: None, name: "handler".into() }
    }

    /// A layer for this recorder.
    #[must_use]
    pub fn with(recorder: Recorder) -> Self {
        Self { recorder: Some(recorder), ..Self::new() }
    }

    /// Names the subsegment of each invocation, which is `handler` otherwise.
    ///
    /// ```
    /// use xray_lambda::XRayLambdaLayer;
    ///
    /// let layer = XRayLambdaLayer::new().subsegment("ship order");
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn subsegment(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }
}

impl Default for XRayLambdaLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for XRayLambdaLayer {
    type Service = XRayInvocation<S>;

    fn layer(&self, inner: S) -> XRayInvocation<S> {
        XRayInvocation::new(inner, self.recorder.clone(), Arc::clone(&self.name))
    }
}
