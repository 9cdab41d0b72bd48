//! `xray-lambda` records what AWS Lambda functions in Rust do, beneath the segment that Lambda itself sends.

pub mod event;

#[doc(no_inline)]
pub use xray_core;
