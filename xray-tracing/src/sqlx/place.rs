//! Where a query belongs, and to which database it goes.

use std::cell::Cell;

use tracing::{Span, Subscriber};
use tracing_subscriber::{
    Registry,
    layer::Context,
    registry::{LookupSpan, SpanRef},
};
use xray_core::{Entity, sql::SqlTarget};

use super::SPAN;

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
/// Its level is `ERROR`, so that filters let it through; one that names targets only needs
/// `xray_tracing=error`.
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
    // The level that most filters let through: it is not the work that is one.
    let span = tracing::error_span!(target: SPAN, "sql", database = target.name());
    HANDED_OVER.take();
    span
}

/// What a query that is made here belongs to, and its database if a span names one.
pub(super) fn find<S>(
    context: &Context<'_, S>,
    registry: Option<&Registry>,
) -> (Entity, Option<SqlTarget>)
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let current = Entity::current();
    // Of the current span, which the context does not show if it is one of the program's own; and of
    // ours that are entered, of which that one may be no child.
    let span = context.current_span().id().and_then(|id| registry?.span(id));
    let place = span.and_then(|span| innermost(&span, &current));
    let place = place.or_else(|| innermost(&context.lookup_current()?, &current));
    place.unwrap_or((current, None))
}

/// What the innermost of our spans says.
fn innermost<R>(span: &SpanRef<'_, R>, current: &Entity) -> Option<(Entity, Option<SqlTarget>)>
where
    R: for<'span> LookupSpan<'span>,
{
    span.scope().find_map(|span| {
        let extensions = span.extensions();
        let place = extensions.get::<Place>()?;
        let entity = if current.is_absent() { &place.entity } else { current };
        Some((entity.clone(), Some(place.target.clone())))
    })
}
