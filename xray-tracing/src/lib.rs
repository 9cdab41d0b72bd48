//! `xray-tracing` records code that is instrumented with [`tracing`](https://docs.rs/tracing) in AWS
//! X-Ray: its spans are subsegments, and its log lines say which trace they belong to.
//!
//! ```
//! use tracing_subscriber::{fmt, prelude::*};
//! use xray_tracing::{WithTraceIds, XRayTracing};
//!
//! tracing_subscriber::registry()
//!     .with(XRayTracing::new())
//!     .with(fmt::layer().map_event_format(WithTraceIds::new))
//!     .init();
//!
//! #[tracing::instrument(err)]
//! fn price(cart_id: u64) -> Result<u64, std::num::ParseIntError> {
//!     tracing::info!("asking for the price"); // … AWS-XRAY-TRACE-ID: 1-…@…
//!     "12".parse()
//! }
//! # assert_eq!(price(7), Ok(12));
//! ```
//!
//! # Spans
//!
//! A span becomes a subsegment of the current entity: of the segment that `xray-tower` or `xray-actix` has
//! begun, of another span, of a [`Subsegment`](xray_core::Subsegment). While it is entered it is the
//! current entity itself, so spans and our own subsegments form one tree, in whatever order they are
//! nested, and whatever thread they are entered on. It ends when the span closes. A span outside of any
//! segment is not recorded; see [`XRayTracing::root_segments`].
//!
//! | of the span | in the trace |
//! |---|---|
//! | name, or the field `otel.name` it is made with | name |
//! | fields: text up to 1,000 bytes, numbers, truth values | annotations; what X-Ray does not take in a key is `_` |
//! | fields given with `?` or `%`, longer text | metadata in the namespace `tracing`, cut at 4,096 characters |
//! | fields that are errors (`&dyn Error`) | exceptions |
//! | `otel.kind` of `client` or `producer` | namespace `remote`: a node of the service map |
//! | `otel.status_code` of `error` | fault |
//! | events of the level `ERROR` | exceptions |
//! | `follows_from` | a link |
//!
//! [`XRayTracing::fields`] changes the rule for fields. Text of users may end up in a trace by it: leave out
//! what is secret, as with any log.
//!
//! # Queries
//!
//! [`SqlxLayer`] makes subsegments of the queries of sqlx, and of SeaORM on top of it.
//!
//! # Not sampled
//!
//! No field is looked at, nothing is formatted and nothing is allocated. The span carries the trace on all
//! the same, so that calls made on a task that is spawned with it say `Sampled=0`; who does not need that
//! saves the better part of the cost with [`XRayTracing::sampled_only`].

mod event;
mod fields;
mod layer;
mod lines;
mod sqlx;

pub use fields::FieldRule;
pub use layer::XRayTracing;
pub use lines::WithTraceIds;
pub use sqlx::{SqlxLayer, sqlx_span};

pub use xray_core;
