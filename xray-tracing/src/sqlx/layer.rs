use std::sync::OnceLock;

use tracing::{
    Dispatch, Event, Subscriber,
    dispatcher::WeakDispatch,
    level_filters::LevelFilter,
    span::{Attributes, Id},
};
use tracing_subscriber::{
    Layer,
    filter::{Filtered, Targets},
    layer::Context,
    registry::LookupSpan,
};
use xray_core::{Entity, sql::SqlTarget};

use super::{
    QUERY, SPAN,
    event::{Figures, Statement},
    place::{self, Place},
};

/// Records the queries of sqlx, and of SeaORM, which goes through it, as subsegments of what is
/// current where they are made.
///
/// ```
/// use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};
/// use xray_tracing::{SqlxLayer, xray_core::SqlTarget};
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
/// # The filter
///
/// The layer comes with a filter of its own, so it sees queries whatever the filter of a layer beside it
/// is. A filter that goes for all layers, such as an `EnvFilter` that is added by `with`, comes before it:
/// there the line needs `sqlx::query=debug`, as in `RUST_LOG=info,sqlx::query=debug`. What
/// `tracing_subscriber::fmt()` builds takes no layer that has a filter; see
/// [`without_filter`](Self::without_filter).
///
/// # What sqlx tells
///
/// One event when a query is over, at the level `DEBUG` (SeaORM: `INFO`), and at `WARN` for slow ones. It
/// has the statement, the rows and the time it took, and so does the subsegment: it begins so long before,
/// and the rows are metadata in the namespace `sqlx`. The event has neither host nor error. The database is
/// told here, once; for queries to another one see [`sqlx_span`](crate::sqlx_span). A query whose error shall
/// be seen goes through [`sql_subsegment`](xray_core::sql_subsegment), where it is recorded once.
///
/// Where a connection is made with `disable_statement_logging` (SeaORM: `sqlx_logging(false)`), or with a
/// level below `DEBUG`, there is nothing to record. A query outside of a segment is not recorded either,
/// and that is no missing context.
///
/// # SQLite
///
/// sqlx runs its queries on a thread of its own, which the current segment does not reach, and the caller's
/// `tracing` span does. So put a [`sqlx_span`](crate::sqlx_span) around queries to SQLite; where they go
/// through [`sql_subsegment`](xray_core::sql_subsegment), inside of it: a query whose innermost span is one
/// around that is recorded twice.
#[derive(Debug)]
pub struct SqlxLayer {
    target: SqlTarget,
    /// The subscriber that this is a layer of.
    subscriber: OnceLock<WeakDispatch>,
}

impl SqlxLayer {
    /// For queries to this database, with the filter that lets them through and nothing else.
    #[must_use]
    pub fn new<S>(target: SqlTarget) -> Filtered<Self, Targets, S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let wanted = [(QUERY, LevelFilter::DEBUG), (SPAN, LevelFilter::ERROR)];
        Self::without_filter(target).with_filter(Targets::new().with_targets(wanted))
    }

    /// As [`new`](Self::new), for a subscriber that filters by itself: a layer without a filter
    /// switches on all that the rest of the subscriber lets through.
    ///
    /// ```
    /// use tracing_subscriber::layer::SubscriberExt as _;
    /// use xray_tracing::{SqlxLayer, xray_core::SqlTarget};
    ///
    /// # fn example(shop: SqlTarget) {
    /// let lines = tracing_subscriber::fmt().with_env_filter("info,sqlx::query=debug").finish();
    /// tracing::subscriber::set_global_default(lines.with(SqlxLayer::without_filter(shop)));
    /// # }
    /// ```
    #[must_use]
    pub fn without_filter(target: SqlTarget) -> Self {
        Self { target, subscriber: OnceLock::new() }
    }

    /// What a query that is made here belongs to, and its database if a span names one.
    fn find<S>(&self, context: &Context<'_, S>) -> (Entity, Option<SqlTarget>)
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let subscriber = self.subscriber.get().and_then(WeakDispatch::upgrade);
        place::find(context, subscriber.as_ref().and_then(Dispatch::downcast_ref))
    }
}

impl<S> Layer<S> for SqlxLayer
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        // A layer belongs to one.
        let _ = self.subscriber.set(subscriber.downgrade());
    }

    fn on_new_span(&self, _: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let (Some(place), Some(span)) = (Place::handed_over(), context.span(id)) {
            span.extensions_mut().replace(place);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != QUERY {
            return;
        }
        let current = Entity::current();
        if !current.is_sampled() && !current.is_absent() {
            return;
        }
        let (entity, target) = self.find(&context);
        if !entity.is_sampled() {
            return;
        }
        let figures = Figures::of(event);
        // The helper has begun it, and knows how it ends.
        if entity.is_query() {
            return figures.record_rows(&entity);
        }
        let target = target.as_ref().unwrap_or(&self.target);
        let query = entity.subsegment_ago(target.name(), figures.elapsed());
        Statement::describe(event, &figures, target, &query);
        figures.record_rows(&query);
    }
}
