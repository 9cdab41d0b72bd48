//! What all HTTP integrations share: names, outcomes, URLs, who is believed, and when a request is
//! over; and of calls, likewise. The integrations only translate their framework's types to these.

mod access;
mod address;
mod call;
mod client;
mod exchange;
pub mod grpc;
mod inject;
mod outcome;
mod percent;
mod policy;
mod request;
mod response;
mod url;

pub use crate::record::boxed;
pub use access::AccessLog;
pub use call::{Call, CallHead};
pub use client::{ClientPolicy, IgnoredCalls};
pub use exchange::{Exchange, ROUTE, recording_panics};
pub use inject::inject;
pub use outcome::Outcome;
pub use policy::{Incoming, ServerPolicy};
pub use request::RequestHead;
pub use response::ResponseHead;
pub use url::scrub_url;

use call::name_of_host;
pub(crate) use url::scrub_text;
