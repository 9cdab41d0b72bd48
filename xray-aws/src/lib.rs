//! `xray-aws` records what a service calls in AWS: one subsegment for each call of any client of the
//! AWS SDK for Rust, and the trace goes on with it, also in messages, events and executions.
//!
//! ```
//! use xray_aws::XRayInterceptor;
//!
//! # fn example(config: &aws_types::SdkConfig) {
//! let conf = aws_sdk_dynamodb::config::Builder::from(config).interceptor(XRayInterceptor::new());
//! let dynamodb = aws_sdk_dynamodb::Client::from_conf(conf.build());
//! # }
//! ```
//!
//! Each client takes the interceptor in its own configuration, since `SdkConfig`, which they share, has
//! no place for one. A client records under the current entity of the code that awaits its call.
//!
//! # What is recorded
//!
//! The subsegment is named after the service, has the namespace `aws`, and lasts from the call to its
//! answer: all retries are in it, a body that is streamed is not. Its `aws` block has `operation`,
//! `region`, `request_id`, `id_2`, `retries` and the parameters of a [`Whitelist`]; `http` has the
//! response's status and length. Requests that are only presigned leave nothing, and neither do
//! the calls that X-Ray SDKs make themselves.
//!
//! An error of the service is an exception with its code and message, marked `remote`: an error where
//! the status is a 4xx, a throttle where the service or the SDK says so, else a fault. What fails in the
//! client (no connection, no credentials, a timeout, a request that cannot be built) is a fault, and an
//! exception with the name that `SdkError` has for it. A call that is dropped half-way is an error.
//!
//! # What is sent
//!
//! Each request carries `X-Amzn-Trace-Id`, `traceparent` and `tracestate` of its own subsegment. They
//! are set after the request is signed and not part of the signature, since proxies change them. A
//! message of SQS (`AWSTraceHeader`), an event of EventBridge (`TraceHeader`) and an execution of Step
//! Functions (`traceHeader`) get the trace as well, unless you have set it; consumers continue it with
//! [`trace_each`] and [`batch`]. `ReceiveMessage` gives the attribute to those who ask for it:
//!
//! ```
//! use aws_sdk_sqs::types::MessageSystemAttributeName::AwsTraceHeader;
//! use xray_aws::{batch, trace_each};
//!
//! # async fn example(sqs: aws_sdk_sqs::Client, queue: &str) -> Result<(), aws_sdk_sqs::Error> {
//! let request = sqs.receive_message().queue_url(queue);
//! let received = request.message_system_attribute_names(AwsTraceHeader).send().await?;
//! for message in received.messages() {
//!     trace_each(message.attributes(), async |segment| {
//!         segment.annotate("length", message.body().map_or(0, str::len));
//!     })
//!     .await;
//! }
//! // Or all in one segment, with a link to the sender of each:
//! let attributes = received.messages().iter().map(|message| message.attributes());
//! batch(attributes, async |segment| segment.annotate("messages", 10)).await;
//! # Ok(())
//! # }
//! ```
//!
//! What is not sampled carries the headers, and nothing of it is read.

mod call;
mod carry;
mod interceptor;
mod outcome;
mod whitelist;
mod wire;

pub use interceptor::XRayInterceptor;
pub use whitelist::{Error, Whitelist};
pub use xray_core::message::{Consumer, Message, batch, trace_each};
