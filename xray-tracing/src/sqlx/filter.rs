use tracing::{Metadata, Subscriber, level_filters::LevelFilter, subscriber::Interest};
use tracing_subscriber::{
    layer::{Context, Filter},
    registry::LookupSpan,
};

use super::{
    QUERY,
    place::{self, SPAN},
};

/// Lets through what [`SqlxLayer`](crate::SqlxLayer) needs, and only while something is recorded: for a
/// query that is not sampled sqlx does not even build its event, unless another layer wants it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SqlxFilter(());

impl SqlxFilter {
    /// There is nothing to choose.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<S> Filter<S> for SqlxFilter
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        if metadata.is_span() {
            return metadata.target() == SPAN;
        }
        metadata.target() == QUERY && place::is_sampled(context)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        match metadata.target() {
            SPAN if metadata.is_span() => Interest::always(),
            QUERY if !metadata.is_span() => Interest::sometimes(),
            _ => Interest::never(),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }
}
