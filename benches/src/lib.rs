//! The work that is measured: ours through the public API of `xray-core`, and the same with each peer.
//!
//! A library, since two programs run it: `xray-benches` measures, and `allocations` counts with an
//! allocator that would cost the other one time.

mod cases;

pub use cases::{CASES, Case, Run, Side, Work};
