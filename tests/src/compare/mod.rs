//! Two documents side by side: where they differ, and which differences are known.

mod difference;
mod known;

pub use difference::{Difference, differences};
pub use known::{Row, Table};
