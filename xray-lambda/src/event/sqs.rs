use aws_lambda_events::event::sqs::{SqsMessage, SqsMessageObj};
use xray_core::message::AWS_TRACE_HEADER;

use super::{Record, record::name_of};

macro_rules! message {
    ($type:ty $(, $parameter:ident: $bound:path)?) => {
        /// A message of SQS, with the header in its attribute `AWSTraceHeader`.
        impl$(<$parameter: $bound>)? Record for $type {
            fn header_text(&self) -> Option<&str> {
                self.attributes.get(AWS_TRACE_HEADER).map(String::as_str)
            }

            fn name(&self) -> &str {
                self.event_source_arn.as_deref().map_or("SQS", name_of)
            }

            fn id(&self) -> Option<&str> {
                self.message_id.as_deref()
            }

            // The name of a FIFO queue has to end so.
            fn is_ordered(&self) -> bool {
                self.event_source_arn.as_deref().is_some_and(|arn| arn.ends_with(".fifo"))
            }
        }
    };
}

message!(SqsMessage);
message!(SqsMessageObj<T>, T: serde::Serialize);
