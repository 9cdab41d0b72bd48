use tracing_core::{Metadata, subscriber::Interest};
use tracing_subscriber::layer::{Context, Filter};
use xray_core::Entity;

/// A filter that lets nothing through inside of a request that is not sampled, so that a span of it costs
/// no more than this question, unless another layer wants the span.
///
/// ```
/// use tracing_subscriber::prelude::*;
/// use xray_tracing::{SampledOnly, XRayTracing};
///
/// let subscriber =
///     tracing_subscriber::registry().with(XRayTracing::new().with_filter(SampledOnly::new()));
/// # let _ = subscriber;
/// ```
///
/// A span that is not made carries nothing along. So do without it where tasks are spawned with
/// `.instrument(span)` or `.in_current_span()` as the only thing that carries the trace: calls made there
/// would not say `Sampled=0`, and a subsegment begun there would be reported as one without a segment. Nor is a span
/// made that names its `parent:` in another trace, which may be sampled.
#[derive(Clone, Copy, Debug, Default)]
pub struct SampledOnly(());

impl SampledOnly {
    /// The filter; combine it with others by
    /// [`FilterExt`](tracing_subscriber::filter::FilterExt).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<S> Filter<S> for SampledOnly {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        let current = Entity::current();
        // Outside of any segment, the parent of a span may be named.
        current.is_sampled() || current.is_absent()
    }

    fn callsite_enabled(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }
}
