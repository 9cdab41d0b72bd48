//! Where a query belongs, and to which database it goes.

use std::cell::Cell;

use tracing::{Span, Subscriber};
use tracing_subscriber::{layer::Context, registry::LookupSpan};
use xray_core::{Entity, sql::SqlTarget};

/// The target of our own spans.
pub(super) const SPAN: &str = "xray_tracing::sqlx";

thread_local! {
    /// From `sqlx_span` to the layer, which is called by `tracing` in between.
    static HANDED_OVER: Cell<Option<Place>> = const { Cell::new(None) };
}

/// What one of our spans says of the queries in it.
#[derive(Debug)]
pub(super) struct Place {
    entity: Entity,
    target: SqlTarget,
}

impl Place {
    /// Of the span that is being made, if it is one of ours.
    pub(super) fn handed_over() -> Option<Self> {
        HANDED_OVER.take()
    }
}

/// A span whose queries go to another database than [`SqlxLayer`](crate::SqlxLayer) was told of; it goes
/// around a future or is entered, as any other.
///
/// ```
/// use tracing::Instrument as _;
/// use xray_tracing::{sqlx_span, xray_core::sql::SqlTarget};
///
/// # async fn monthly() {}
/// # async fn example(reports: &SqlTarget) {
/// monthly().instrument(sqlx_span(reports)).await;
/// # }
/// ```
///
/// It also tells the thread on which sqlx runs the queries of SQLite where they belong: under what is
/// current where this is called.
#[must_use]
pub fn sqlx_span(target: &SqlTarget) -> Span {
    let entity = Entity::current();
    // Work that is not sampled stays so.
    if !entity.is_sampled() && !entity.is_absent() {
        return Span::none();
    }
    HANDED_OVER.set(Some(Place { entity, target: target.clone() }));
    let span = tracing::debug_span!(target: SPAN, "sql", database = target.name());
    HANDED_OVER.take();
    span
}

/// Whether a query that is made here is recorded.
pub(super) fn is_sampled<S>(context: &Context<'_, S>) -> bool
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let current = Entity::current();
    current.is_sampled()
        || (current.is_absent()
            && innermost(context, |place| place.entity.is_sampled()) == Some(true))
}

/// What a query that is made here belongs to, and its database if a span names one.
pub(super) fn find<S>(context: &Context<'_, S>) -> (Entity, Option<SqlTarget>)
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let current = Entity::current();
    innermost(context, |place| {
        let entity = if current.is_absent() { place.entity.clone() } else { current.clone() };
        (entity, Some(place.target.clone()))
    })
    .unwrap_or((current, None))
}

/// What the innermost of our spans says.
fn innermost<S, T>(context: &Context<'_, S>, read: impl FnOnce(&Place) -> T) -> Option<T>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let mut read = Some(read);
    context.lookup_current()?.scope().find_map(|span| {
        let extensions = span.extensions();
        let place = extensions.get::<Place>()?;
        read.take().map(|read| read(place))
    })
}
