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

#![allow(clippy::vec_box, reason = "records are handed on, and used again, as boxes")]

/// For bridges from other tracing systems, which tell of their spans by numbers.
pub mod bridge {
    pub use crate::record::{Spans, Work};
}
mod client;
pub mod document;
pub mod emit;
pub mod environment;
mod error;
pub mod header;
pub mod http;
mod id;
mod logging;
pub mod message;
mod random;
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
pub use random::reseed;
pub use record::{
    Answering, Batch, CallInCurrentSegment, ContextMissing, Entered, Entity, FlushGuard,
    InCurrentSegment, Invocation, Keep, Recorder, RecorderBuilder, RemoteCall, Scope, Segment,
    SegmentBuilder, StreamInCurrentSegment, Subsegment, TraceIds, Verdict, remote_call, segment,
    subsegment,
};
pub use sample::SamplingRequest;
pub use sql::{SqlTarget, sql_subsegment};
pub use stats::Stats;

#[cfg(feature = "macros")]
#[doc = include_str!("record/attribute/attribute.md")]
#[doc(inline)]
pub use xray_macros::subsegment;

/// What the code that [`subsegment`](macro@subsegment) writes is made of; it may change at any time.
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod __private {
    pub use std::{boxed::Box, option::Option, result::Result};

    pub use crate::record::attribute::*;

    /// For `xray-tower` to re-export: the function, and the attribute that finds this crate there.
    pub mod tower {
        pub use xray_macros::subsegment_of_tower as subsegment;

        pub use crate::record::subsegment;
    }

    /// As for `xray-tower`.
    pub mod actix {
        pub use xray_macros::subsegment_of_actix as subsegment;

        pub use crate::record::subsegment;
    }

    /// As for `xray-tower`.
    pub mod lambda {
        pub use xray_macros::subsegment_of_lambda as subsegment;

        pub use crate::record::subsegment;
    }
}

/// What most code that records needs: `use xray_core::prelude::*`.
pub mod prelude {
    pub use crate::{
        CallInCurrentSegment as _, Entity, InCurrentSegment as _, Recorder, Segment,
        StreamInCurrentSegment as _, Subsegment, remote_call, segment, subsegment,
    };
}
