//! `xray-core` records AWS X-Ray traces; open it to instrument code that no ready integration
//! covers, or to write an integration. A web service is better served by `xray-tower` (axum, hyper,
//! tonic) or `xray-actix`, which re-export this crate.
//!
//! ```
//! use xray_core::{Recorder, Subsegment, segment};
//!
//! let xray = Recorder::builder("orders").build()?; // an error for wrong code only
//! let _flush = xray.install(); // sends what waits when it is dropped
//!
//! let work = segment("nightly report", async |report| {
//!     report.annotate("pages", 12);
//!     Subsegment::begin("render").run(|_| { /* … */ });
//! });
//! # Ok::<(), xray_core::Error>(())
//! ```
//!
//! The way of the data: a [`header`] comes in, [`sample`] decides, [`Segment`] and [`Subsegment`]
//! are filled, a [`document`] is made of them, and [`emit`] sends it. Recording never panics, blocks
//! or fails the request; every loss is counted in [`stats`].

mod client;
pub mod document;
pub mod emit;
pub mod environment;
mod error;
pub mod header;
pub mod http;
mod id;
mod logging;
mod record;
pub mod sample;
pub mod sql;
pub mod stats;
mod sync;
pub mod testing;

pub use document::{AnnotationValue, Namespace, Sql};
pub use emit::Delivery;
pub use environment::Plugin;
pub use error::Error;
pub use header::TraceHeader;
pub use id::{SegmentId, TraceId};
pub use record::{
    CallInCurrentSegment, ContextMissing, Entered, Entity, FlushGuard, InCurrentSegment, Keep,
    Recorder, RecorderBuilder, Scope, Segment, SegmentBuilder, StreamInCurrentSegment, Subsegment,
    Verdict, segment, subsegment,
};
pub use sample::SamplingRequest;
pub use sql::{SqlTarget, sql_subsegment};
pub use stats::Stats;

/// What most code that records needs: `use xray_core::prelude::*`.
pub mod prelude {
    pub use crate::{
        CallInCurrentSegment as _, Entity, InCurrentSegment as _, Recorder, Segment,
        StreamInCurrentSegment as _, Subsegment, segment, subsegment,
    };
}
