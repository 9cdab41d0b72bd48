//! The two sampling calls of the SDKs: who answers them, and the server they come to.

mod server;
#[cfg_attr(
    any(not(test), not(feature = "relay")),
    expect(dead_code, reason = "the sampling server is to ask it")
)]
mod upstream;

pub(crate) use server::SamplingServer;
#[cfg(feature = "relay")]
pub(crate) use upstream::{Answering, Operation, Upstream};
