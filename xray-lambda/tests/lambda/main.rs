//! Functions as Lambda runs them: a process, the Runtime API on one side and the daemon on the other.

mod api;
#[cfg(feature = "http")]
mod bodies;
mod copies;
mod documents;
mod function;
mod headers;
#[cfg(feature = "http")]
mod http;
mod outcomes;
