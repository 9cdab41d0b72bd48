//! The live side: recorders, segments, subsegments and the context they travel in.

#[cfg(feature = "macros")]
pub(crate) mod attribute;
mod away;
mod batch;
mod blocks;
mod bridge;
mod builder;
mod context;
mod data;
mod entity;
mod errors;
mod exceptions;
mod hook;
mod ids;
mod install;
mod invocation;
mod journal;
mod keep;
mod live;
mod log_ids;
mod propagation;
mod recorder;
mod remote;
mod replay;
mod sampling;
mod scope;
mod segment;
mod settings;
mod settle;
mod slots;
mod sources;
mod spares;
mod stack;
mod state;
mod subsegment;
mod subtree;
mod ticks;
mod view;
mod watch;

pub use batch::Batch;
pub use bridge::{Spans, Work};
pub use builder::RecorderBuilder;
pub use context::Entered;
pub use entity::Entity;
pub use errors::boxed;
pub use hook::Verdict;
pub use install::FlushGuard;
pub use invocation::{Answering, Invocation};
pub use keep::Keep;
pub use log_ids::TraceIds;
pub use recorder::Recorder;
pub use remote::{RemoteCall, remote_call};
pub use scope::{CallInCurrentSegment, InCurrentSegment, Scope, StreamInCurrentSegment};
pub use segment::{Segment, SegmentBuilder, segment};
pub use settings::ContextMissing;
pub use subsegment::{Subsegment, subsegment};

pub(crate) use away::Away;
pub(crate) use data::Data;
pub(crate) use hook::Hook;
pub(crate) use live::Live;
pub(crate) use slots::{AnnotationData, AnnotationText, HttpData, Rest, SqlData, Text, flag};
pub(crate) use sources::since_epoch;
pub(crate) use spares::Spares;
pub(crate) use subsegment::inside;
pub(crate) use ticks::prepare as prepare_clock;
pub(crate) use view::{Tree, service, xray};

use std::sync::Arc;

use crate::{document::AnnotationValue, emit::Fixed, environment::Detection, stats::Counters};

/// What all segments of a recorder share.
#[derive(Debug)]
pub(crate) struct Common {
    /// The service's name.
    pub(crate) service: String,
    pub(crate) spares: Spares,
    pub(crate) version: Option<String>,
    pub(crate) working_directory: Option<String>,
    /// What is the same in each of its documents, as JSON.
    pub(crate) fixed: Fixed,
    /// Annotations of every segment.
    pub(crate) annotations: Vec<(String, AnnotationValue<'static>)>,
    /// Frames of a stack that are kept.
    pub(crate) stack_frames: usize,
    /// The user's last word on each document.
    pub(crate) before_emit: Option<Hook>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) detection: Arc<Detection>,
}
