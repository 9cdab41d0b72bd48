//! `#[subsegment]`: what it records, and what it leaves as it is.

mod fields;
mod functions;
mod futures;
mod outcomes;
mod support;
mod unsampled;
