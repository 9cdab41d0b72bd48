//! `xray-reqwest` records one AWS X-Ray subsegment per call of a reqwest client, and carries the trace on.
//!
//! ```no_run
//! use reqwest_middleware::ClientBuilder;
//! use xray_reqwest::XRayMiddleware;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = ClientBuilder::new(reqwest::Client::new()).with(XRayMiddleware::new()).build();
//!
//! // inside of a segment, such as a request that is served:
//! let receipt = client.post("http://payments/charge").body("7.50").send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! The subsegment is named after the host and holds the method, the status, the length of the body and
//! the URL that answered: reqwest follows redirects beneath its middlewares, so all hops are one
//! subsegment. With `redirect::Policy::none()` each hop is a call of its own, and so a subsegment.
//! User, password, query and fragment of a URL are never recorded.
//!
//! A call that brings no answer is a fault, with an exception named by what went wrong:
//! `reqwest::Error::Connect`, `Timeout`, `Redirect`, `Body`, `Decode`, `Builder`, `Upgrade` or `Request`.
//! One that is dropped before there is an answer is an error, `Canceled`.
//!
//! Middlewares run in the order in which they are added: with `XRayMiddleware` after one that tries
//! again, each try is a subsegment; before it, all tries together are one.

mod body;
mod error;
mod middleware;

pub use middleware::XRayMiddleware;

pub use xray_core::{self, http::IgnoredCalls};
