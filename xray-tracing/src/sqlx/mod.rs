//! From the lines that sqlx logs to subsegments.

mod event;
mod layer;
mod place;

pub use layer::SqlxLayer;
pub use place::sqlx_span;

/// The target of the event that sqlx emits when a query is over.
const QUERY: &str = "sqlx::query";

/// The target of our own spans, which are no work and so no subsegments.
pub(crate) const SPAN: &str = "xray_tracing::sqlx";
