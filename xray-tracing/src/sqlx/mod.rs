//! From the lines that sqlx logs to subsegments.

mod event;
mod layer;
mod place;

pub use layer::SqlxLayer;
pub use place::sqlx_span;

/// The target of the event that sqlx emits when a query is over.
const QUERY: &str = "sqlx::query";
