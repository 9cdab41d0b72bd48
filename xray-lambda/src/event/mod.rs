//! What a function is invoked with: messages, notifications, events and executions that carry the trace of
//! whoever sent them.
//!
//! ```
//! # #[cfg(feature = "sqs")]
//! # mod example {
//! use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
//! use lambda_runtime::{Error, LambdaEvent};
//! use xray_lambda::event::partial_batch;
//!
//! # async fn settle(_: &SqsMessage) -> Result<(), Error> { Ok(()) }
//! async fn handler(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
//!     Ok(partial_batch(&event.payload.records, async |message, entity| {
//!         entity.annotate("length", message.body.as_ref().map_or(0, String::len) as u64);
//!         settle(message).await
//!     })
//!     .await)
//! }
//! # }
//! ```
//!
//! # Which trace it is
//!
//! Lambda invokes a function of a queue in a trace of its own, and X-Ray links that one to the senders of the
//! messages. [`trace_each`] goes on with a sender's trace where it is another one: the work is a segment in
//! it, which has the function's name and the origin `AWS::Lambda::Function`, so that it is at the function's
//! node of the map; it and the invocation link to each other. The sender's decision counts, and the
//! invocation's where the sender has made none. What carries no trace, or the invocation's own, is a
//! subsegment of the invocation. [`batch`] stays in the invocation's trace, with a link to each sender.
//!
//! # What carries a trace
//!
//! | record | carries the sender's trace |
//! |---|---|
//! | message of SQS | in `AWSTraceHeader` of its `attributes`, and Lambda asks for all of them |
//! | notification of SNS | no: SNS hands it to Lambda as the invocation's own trace |
//! | event of EventBridge | no: the same; an event that came from `PutEvents` with a trace only |
//! | either of them in a message of SQS | in `AWSTraceHeader` of the message; nothing in its body |
//! | task of Step Functions | no: the same, where tracing is on for the state machine |
//!
//! The context object of Step Functions, `$$`, has no trace header. For an execution whose state machine is not traced, let
//! whoever starts it put the header into the input as `traceHeader`, and the task hand it on, as in
//! `"traceHeader.$": "$$.Execution.Input.traceHeader"`: a [`serde_json::Value`] that has such a member
//! carries that trace. For an input of your own type, implement [`Record`].

mod consumer;
#[cfg(feature = "eventbridge")]
mod eventbridge;
#[cfg(feature = "sqs")]
mod partial;
mod record;
#[cfg(feature = "sns")]
mod sns;
#[cfg(feature = "sqs")]
mod sqs;

#[cfg(feature = "sqs")]
pub use self::partial::partial_batch;
pub use self::{
    consumer::{Consumer, batch, trace_each},
    record::Record,
};
