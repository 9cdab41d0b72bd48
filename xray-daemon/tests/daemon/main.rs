//! The daemon from outside: real sockets, the real program.

mod bad_input;
mod program;
mod receive;
#[cfg(feature = "relay")]
mod relay;
mod running;
mod sampling;
mod support;
