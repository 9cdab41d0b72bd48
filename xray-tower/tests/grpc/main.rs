//! gRPC through a real tonic server and a real tonic client, on loopback.

#![cfg(feature = "tonic")]

mod client;
mod echo;
mod server;
mod support;
