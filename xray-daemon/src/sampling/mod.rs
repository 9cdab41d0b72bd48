//! The two sampling calls of the SDKs: who answers them, and the server they come to.

mod server;
#[expect(dead_code, reason = "the relay brings it to life")]
mod upstream;

pub(crate) use server::SamplingServer;
