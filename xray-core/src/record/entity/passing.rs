use std::sync::Arc;

use crate::{
    SegmentId, TraceId,
    header::{Carried, Propagation},
    record::{Recorder, watch::Unrecorded},
};

/// A trace that is not recorded here and travels on.
#[derive(Clone, Debug)]
pub(in crate::record) struct Passing {
    /// The recorder that decided, by [`Recorder::key`].
    pub(in crate::record) recorder: usize,
    pub(in crate::record) root: TraceId,
    /// The id that stands for this service: all zeros unless the environment asks for real ones.
    pub(in crate::record) id: SegmentId,
    /// The parent for calls of our own: the caller's, if its header named a trace and a parent. Not an
    /// `Option`, since what is not recorded is copied at each step: so it is small.
    pub(in crate::record) parent: SegmentId,
    pub(in crate::record) has_parent: bool,
    /// Whether the caller's header named the trace.
    pub(in crate::record) continued: bool,
    /// Whether calls of our own say `Sampled=0`; where the decision is not ours, they say nothing.
    pub(in crate::record) decided: bool,
    pub(in crate::record) carried: Carried,
    /// How it ends is reported for the sampling rule: only on the segment itself.
    pub(in crate::record) watch: Option<Arc<Unrecorded>>,
}

/// What is to be known of most traces that are not recorded.
pub(in crate::record) type Words<T> = [T; 6];

impl Passing {
    /// `None` if there is more to be known.
    #[inline]
    pub(super) fn words(&self) -> Option<Words<u64>> {
        if self.carried.has_texts() || self.watch.is_some() {
            return None;
        }
        let flags = u64::from(self.carried.propagation.bits()) << 3
            | u64::from(self.has_parent) << 2
            | u64::from(self.continued) << 1
            | u64::from(self.decided);
        let [high, low] = self.root.words();
        Some([self.recorder as u64, high, low, self.id.bits(), self.parent.bits(), flags])
    }

    #[inline]
    pub(super) fn of_words([recorder, high, low, id, parent, flags]: Words<u64>) -> Self {
        Self {
            recorder: recorder as usize,
            root: TraceId::from_words([high, low]),
            id: SegmentId::from_bits(id),
            parent: SegmentId::from_bits(parent),
            has_parent: flags & 4 != 0,
            continued: flags & 2 != 0,
            decided: flags & 1 != 0,
            carried: Carried::by(Propagation::of_bits((flags >> 3) as u8)),
            watch: None,
        }
    }

    /// Of a trace that the code decided about, or only passes on.
    #[inline]
    pub(in crate::record) fn new(
        recorder: &Recorder,
        (root, parent, continued): (TraceId, Option<SegmentId>, bool),
        id: SegmentId,
        carried: Carried,
    ) -> Self {
        Self {
            recorder: recorder.key(),
            root,
            id,
            parent: parent.unwrap_or(SegmentId::NOOP),
            has_parent: parent.is_some(),
            continued,
            decided: true,
            carried,
            watch: None,
        }
    }

    pub(in crate::record) fn parent(&self) -> Option<SegmentId> {
        self.has_parent.then_some(self.parent)
    }

    /// What a subsegment is of it. Field by field, since a clone would count up what is not kept.
    #[inline]
    pub(super) fn child(&self) -> Self {
        let Self { recorder, root, id, parent, has_parent, continued, decided, .. } = *self;
        let carried = self.carried.clone();
        let watch = None;
        Self { recorder, root, id, parent, has_parent, continued, decided, carried, watch }
    }
}
