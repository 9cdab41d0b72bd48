//! What spans, events and log lines of `tracing` look like in a trace: acted from outside, whole trees
//! compared.

mod common;
mod events;
mod fields;
mod lines;
mod roots;
mod tree;
mod unsampled;
