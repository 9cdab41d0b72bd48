//! The daemon from outside: real sockets, the real program.

mod bad_input;
mod program;
mod receive;
mod sampling;
mod support;
