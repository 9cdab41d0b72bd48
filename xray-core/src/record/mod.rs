//! The live side: recorders, segments, subsegments and the context they travel in.

mod blocks;
mod builder;
mod context;
mod data;
mod entity;
mod errors;
mod install;
mod live;
mod recorder;
mod segment;
mod subsegment;
mod subtree;
mod view;

pub use builder::{ContextMissing, RecorderBuilder};
pub use context::{CallInCurrentSegment, Entered, InCurrentSegment, Scope};
pub use entity::Entity;
pub use install::FlushGuard;
pub use recorder::Recorder;
pub use segment::{Segment, SegmentBuilder, segment};
pub use subsegment::{Subsegment, subsegment};

pub(crate) use data::Data;
pub(crate) use live::Live;
pub(crate) use view::Tree;

use std::sync::Arc;

use crate::environment::Detection;

/// What all segments of a recorder share.
#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) version: Option<String>,
    pub(crate) working_directory: Option<String>,
    pub(crate) detection: Arc<Detection>,
}
