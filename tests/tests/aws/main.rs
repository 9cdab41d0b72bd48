//! Real clients of the AWS SDK for Rust with the interceptor, against moto behind a proxy that keeps
//! requests and answers in moto's place where a test says so.

mod calls;
mod conformance;
mod failures;
mod messages;
mod official;
mod parameters;
mod proxy;
mod stand;
