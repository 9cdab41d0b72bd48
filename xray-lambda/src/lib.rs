//! `xray-lambda` records what AWS Lambda functions in Rust do, beneath the segment that Lambda itself sends.

#[doc(no_inline)]
pub use xray_core;
