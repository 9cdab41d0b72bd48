use tracing::{
    Event, Subscriber,
    span::{Attributes, Id},
};
use tracing_subscriber::{Layer, filter::Filtered, layer::Context, registry::LookupSpan};
use xray_core::sql::SqlTarget;

use super::{
    QUERY, SqlxFilter,
    event::{Figures, Statement},
    place::{self, Place},
};

/// Records the queries of sqlx, and of SeaORM, which goes through it, as subsegments of what is
/// current where they are made.
///
/// ```
/// use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};
/// use xray_tracing::{SqlxLayer, xray_core::sql::SqlTarget};
///
/// # fn example(database_url: &str) -> Result<(), xray_tracing::xray_core::Error> {
/// let shop = SqlTarget::from_url(database_url)?.driver_version("sqlx 0.9");
/// tracing_subscriber::registry()
///     .with(tracing_subscriber::fmt::layer().with_filter(EnvFilter::from_default_env()))
///     .with(SqlxLayer::new(shop))
///     .init();
/// # Ok(())
/// # }
/// ```
///
/// The layer comes with a filter of its own, so it sees queries whatever the filter of the layer beside it
/// is. A filter around the whole subscriber, as that of `tracing_subscriber::fmt().with_env_filter(…)`,
/// comes before it: there the line needs `sqlx::query=debug`, as in `RUST_LOG=info,sqlx::query=debug`.
///
/// # What sqlx tells
///
/// One event when a query is over, at the level `DEBUG` (SeaORM: `INFO`), and at `WARN` for slow ones. It
/// has the statement, the rows and the time it took, and so does the subsegment: it begins so long before,
/// and the rows are metadata in the namespace `sqlx`. The event has neither host nor error. The target is
/// told here, once; for queries to another database see [`sqlx_span`](crate::sqlx_span). A query whose error
/// shall be seen goes through [`sql_subsegment`](xray_core::sql::sql_subsegment).
///
/// Where a connection is made with `disable_statement_logging` (SeaORM: `sqlx_logging(false)`), or with a
/// level below `DEBUG`, there is nothing to record. A query outside of a segment is not recorded either,
/// and that is no missing context.
///
/// # SQLite
///
/// sqlx runs its queries on a thread of its own, which it enters the caller's `tracing` span on. So a query
/// to SQLite is recorded if something makes that span known: put [`sqlx_span`](crate::sqlx_span) around it.
#[derive(Debug)]
pub struct SqlxLayer {
    target: SqlTarget,
}

impl SqlxLayer {
    /// For queries to this database, with the filter that lets them through.
    #[must_use]
    pub fn new<S>(target: SqlTarget) -> Filtered<Self, SqlxFilter, S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        Self { target }.with_filter(SqlxFilter::new())
    }
}

impl<S> Layer<S> for SqlxLayer
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_new_span(&self, _: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let (Some(place), Some(span)) = (Place::handed_over(), context.span(id)) {
            // Replaced, since a second layer may have put it there.
            span.extensions_mut().replace(place);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != QUERY {
            return;
        }
        let (entity, target) = place::find(&context);
        if !entity.is_sampled() {
            return;
        }
        let figures = Figures::of(event);
        if entity.is_query() {
            return figures.record_rows(&entity);
        }
        let target = target.as_ref().unwrap_or(&self.target);
        let query = entity.subsegment_ago(target.name(), figures.elapsed());
        Statement::describe(event, &figures, target, &query);
        figures.record_rows(&query);
    }
}
