//! `#[subsegment]`: what it records, and what it leaves as it is.

mod functions;
mod support;
