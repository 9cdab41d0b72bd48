//! For tests of code that records: documents kept in memory and seen as trees, a clock that moves
//! when told, ids that count.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//!
//! use xray_core::{Delivery, Recorder, Subsegment, sample::LocalRules};
//! use xray_core::testing::{MemoryEmitter, TestClock, TestIds, Trees};
//!
//! // The code under test.
//! fn pay(amount: u32) {
//!     Subsegment::begin("charge card").run(|charge| {
//!         charge.annotate("amount", amount);
//!         charge.http_response(503);
//!     });
//! }
//!
//! let memory = MemoryEmitter::new();
//! let clock = TestClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_461_096_053));
//! let xray = Recorder::builder("payments")
//!     .emitter(memory.clone())
//!     .delivery(Delivery::Inline) // documents are there as soon as a segment ends
//!     .sampling_rules(LocalRules::everything())
//!     .clock(&clock)
//!     .ids(&TestIds::new())
//!     .build()?;
//!
//! let segment = xray.begin_segment("payments");
//! {
//!     let _entered = segment.enter();
//!     pay(12);
//! }
//! clock.advance(Duration::from_millis(250));
//! segment.end();
//!
//! let trees = Trees::of(&memory.take());
//! assert_eq!(trees.to_string(), "payments\n  charge card (fault)\n");
//! assert_eq!(trees.get("payments/charge card")["annotations"]["amount"], 12);
//! assert_eq!(trees.get("payments")["end_time"], 1_461_096_053.25);
//! assert_eq!(trees.get("payments")["trace_id"], "1-57168e75-000000000000000000000001");
//! # Ok::<(), xray_core::Error>(())
//! ```

mod chance;
mod clock;
mod ids;
mod memory;
mod trees;

pub use chance::TestChance;
pub use clock::TestClock;
pub use ids::TestIds;
pub use memory::MemoryEmitter;
pub use trees::Trees;
