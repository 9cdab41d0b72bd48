use serde_json::Value;
use xray_core::{TraceHeader, message::Message};

/// A part of an event, such as a message, that may carry the trace of whoever sent it.
///
/// Those of `aws_lambda_events` are behind the crate's features. Implement it for inputs of your own:
///
/// ```
/// use xray_lambda::event::Record;
///
/// #[derive(serde::Deserialize)]
/// struct Order {
///     number: u64,
///     #[serde(rename = "traceHeader")]
///     trace_header: Option<String>,
/// }
///
/// impl Record for Order {
///     fn header_text(&self) -> Option<&str> {
///         self.trace_header.as_deref()
///     }
/// }
/// ```
pub trait Record {
    /// The text of the trace header, if it carries one. Anything malformed counts as none.
    fn header_text(&self) -> Option<&str> {
        None
    }

    /// What its subsegment is called: where it comes from, such as the name of a queue.
    fn name(&self) -> &str {
        "record"
    }

    /// The id that its sender knows it by.
    fn id(&self) -> Option<&str> {
        None
    }

    /// Whether it must not be worked on before those that came first.
    fn is_ordered(&self) -> bool {
        false
    }

    /// The trace header; an empty one where there is none.
    fn trace_header(&self) -> TraceHeader {
        self.header_text().trace_header()
    }
}

impl<R: Record + ?Sized> Record for &R {
    fn header_text(&self) -> Option<&str> {
        R::header_text(self)
    }

    fn name(&self) -> &str {
        R::name(self)
    }

    fn id(&self) -> Option<&str> {
        R::id(self)
    }

    fn is_ordered(&self) -> bool {
        R::is_ordered(self)
    }
}

/// The input of an execution of Step Functions, or any other, with the header in its member `traceHeader`.
impl Record for Value {
    fn header_text(&self) -> Option<&str> {
        self.get("traceHeader")?.as_str()
    }

    fn name(&self) -> &str {
        "execution"
    }
}

/// What the last part of an ARN names; the text itself, if it has no parts.
#[cfg(any(feature = "sns", feature = "sqs"))]
pub(super) fn name_of(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}
