use super::sources::Sources;
use crate::{SegmentId, random::random};

/// The golden ratio's fraction, by which `SplitMix64` counts.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Ids of one record's entities: `SplitMix64` from a seed of the thread's cryptographic generator. Its
/// output is a permutation of what it counts, so no id comes twice.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ids {
    state: u64,
}

impl Ids {
    /// A test that gives ids needs no seed.
    #[inline]
    pub(super) fn new(sources: &Sources) -> Self {
        Self { state: if sources.gives_ids() { 0 } else { random() } }
    }

    #[inline]
    pub(super) fn next(&mut self, sources: &Sources) -> SegmentId {
        if sources.gives_ids() {
            return sources.segment_id();
        }
        loop {
            self.state = self.state.wrapping_add(STEP);
            let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let id = mixed ^ (mixed >> 31);
            if id != 0 {
                return SegmentId::from_bits(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_of_a_record_differ_and_none_is_zero() {
        let sources = Sources::default();
        let mut ids = Ids::new(&sources);
        let given: HashSet<SegmentId> = (0..10_000).map(|_| ids.next(&sources)).collect();
        assert_eq!(given.len(), 10_000);
        // The state whose successor is 0, which mixes to 0.
        let mut ids = Ids { state: STEP.wrapping_neg() };
        assert!(!ids.next(&sources).is_noop());
    }
}
