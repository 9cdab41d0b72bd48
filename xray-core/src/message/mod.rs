//! Messages that come with a trace: of SQS, of a Lambda event, of whatever carries such a header.
//!
//! ```
//! use xray_core::{message, Recorder};
//!
//! # async fn settle(_: &str) {}
//! # async fn example() -> Result<(), xray_core::Error> {
//! let _flush = Recorder::builder("orders worker").build()?.install();
//! // However it came with the message.
//! let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
//! message::trace_each(header, async |_| settle("order 7").await).await;
//! # Ok(())
//! # }
//! ```

mod consumer;
mod senders;

use std::{collections::HashMap, hash::BuildHasher};

pub use self::{
    consumer::{Consumer, batch, trace_each},
    senders::Senders,
};
use crate::{TraceHeader, header::Sampled};

/// What SQS calls the system attribute of a message that holds the trace header.
pub const AWS_TRACE_HEADER: &str = "AWSTraceHeader";

/// What may carry the trace of whoever sent it.
///
/// A header is one itself; so are the attributes of a message, as `aws-sdk-sqs` and `aws_lambda_events`
/// have them, and what may be absent. Implement it for messages of your own.
///
/// ```
/// use std::collections::HashMap;
/// use xray_core::message::Message;
///
/// let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
/// let attributes = HashMap::from([("AWSTraceHeader", header)]);
/// assert!(attributes.is_sampled());
/// assert_eq!(Some(&attributes).trace_header().to_string(), header);
/// ```
pub trait Message {
    /// The text of the trace header, which in SQS is the system attribute `AWSTraceHeader`.
    fn header_text(&self) -> Option<&str>;

    /// The trace header; an empty one where there is none.
    fn trace_header(&self) -> TraceHeader {
        self.header_text().map(TraceHeader::parse).unwrap_or_default()
    }

    /// Whether the sender's trace is recorded.
    fn is_sampled(&self) -> bool {
        self.trace_header().sampled == Some(Sampled::Yes)
    }
}

impl Message for str {
    fn header_text(&self) -> Option<&str> {
        Some(self)
    }
}

impl Message for String {
    fn header_text(&self) -> Option<&str> {
        Some(self)
    }
}

impl Message for TraceHeader {
    fn header_text(&self) -> Option<&str> {
        None
    }

    fn trace_header(&self) -> TraceHeader {
        self.clone()
    }
}

impl<K: AsRef<str>, V: AsRef<str>, S: BuildHasher> Message for HashMap<K, V, S> {
    fn header_text(&self) -> Option<&str> {
        // The SDK's keys are an enum, by which no text can be looked up.
        let mut attributes = self.iter();
        let (_, header) = attributes.find(|(name, _)| name.as_ref() == AWS_TRACE_HEADER)?;
        Some(header.as_ref())
    }
}

impl<M: Message + ?Sized> Message for &M {
    fn header_text(&self) -> Option<&str> {
        M::header_text(self)
    }

    fn trace_header(&self) -> TraceHeader {
        M::trace_header(self)
    }
}

impl<M: Message> Message for Option<M> {
    fn header_text(&self) -> Option<&str> {
        self.as_ref()?.header_text()
    }

    fn trace_header(&self) -> TraceHeader {
        self.as_ref().map(M::trace_header).unwrap_or_default()
    }
}
