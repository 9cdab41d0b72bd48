//! What all HTTP integrations share: names, outcomes, URLs, who is believed, and when a request is
//! over. `xray-tower` and `xray-actix` only translate their framework's types to these.

mod address;
mod exchange;
pub mod grpc;
mod inject;
mod outcome;
mod percent;
mod policy;
mod url;

pub use exchange::{Exchange, ROUTE, RequestHead, ResponseHead, recording_panics};
pub use inject::inject;
pub use outcome::Outcome;
pub use policy::{Incoming, ServerPolicy};
pub use url::scrub_url;
