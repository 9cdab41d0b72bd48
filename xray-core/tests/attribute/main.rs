//! `#[subsegment]`: what it records, and what it leaves as it is.

mod calls;
mod fields;
mod functions;
mod futures;
mod hygiene;
mod outcomes;
mod support;
mod unsampled;
