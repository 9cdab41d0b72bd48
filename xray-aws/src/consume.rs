//! Messages that come with a trace: of SQS, of a Lambda event, of whatever carries such a header.

use std::{borrow::Borrow, collections::HashMap, hash::BuildHasher};

use xray_core::{Entity, Recorder, TraceHeader, document::Link, header::Sampled};

use crate::carry::ATTRIBUTE;

/// What may carry the trace of whoever sent it.
///
/// A header is one itself; so are the attributes of a message, as `aws-sdk-sqs` and `aws_lambda_events`
/// have them, and what may be absent. Implement it for messages of your own.
///
/// ```
/// use std::collections::HashMap;
/// use xray_aws::Message;
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
        let (_, header) = attributes.find(|(name, _)| name.as_ref() == ATTRIBUTE)?;
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

/// Works on one message inside a segment that continues the sender's trace. The sender's decision
/// counts; without one, the sampling rules are asked.
///
/// `ReceiveMessage` gives the attribute to those who ask for it, so ask for `AWSTraceHeader`:
///
/// ```
/// use aws_sdk_sqs::types::MessageSystemAttributeName::AwsTraceHeader;
/// use xray_aws::trace_each;
///
/// # async fn example(sqs: aws_sdk_sqs::Client, queue: &str) -> Result<(), aws_sdk_sqs::Error> {
/// let request = sqs.receive_message().queue_url(queue);
/// let received = request.message_system_attribute_names(AwsTraceHeader).send().await?;
/// for message in received.messages() {
///     trace_each(message.attributes(), async |segment| {
///         segment.annotate("length", message.body().map_or(0, str::len));
///     })
///     .await;
/// }
/// # Ok(())
/// # }
/// ```
///
/// The segment is named after the service of the installed recorder; see [`Consumer`] for another one.
pub async fn trace_each<T>(message: impl Message, work: impl AsyncFnOnce(Entity) -> T) -> T {
    Consumer::new().trace_each(message, work).await
}

/// Works on several messages inside one segment, with a link to the sender of each; X-Ray takes 100
/// links. It is recorded if the trace of one of the senders is, else if the sampling rules want it.
///
/// ```
/// use xray_aws::batch;
///
/// # async fn example(received: &[aws_sdk_sqs::types::Message]) {
/// let attributes = received.iter().map(|message| message.attributes());
/// batch(attributes, async |segment| segment.annotate("messages", received.len() as u64)).await;
/// # }
/// ```
pub async fn batch<T>(
    messages: impl IntoIterator<Item: Message>,
    work: impl AsyncFnOnce(Entity) -> T,
) -> T {
    Consumer::new().batch(messages, work).await
}

/// Works on messages with a recorder of its own, or under another name.
///
/// ```
/// use xray_aws::Consumer;
/// use xray_core::Recorder;
///
/// # async fn example(header: &str) -> Result<(), xray_core::Error> {
/// let xray = Recorder::builder("orders").build()?;
/// let consumer = Consumer::with(xray).name("orders worker");
/// consumer.trace_each(header, async |segment| segment.annotate("paid", true)).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "it does nothing before it gets messages"]
pub struct Consumer {
    recorder: Option<Recorder>,
    name: Option<String>,
}

impl Consumer {
    /// With the installed recorder; without one, nothing is recorded and the work is done.
    pub fn new() -> Self {
        Self { recorder: Recorder::installed(), name: None }
    }

    /// With this recorder.
    pub fn with(recorder: impl Borrow<Recorder>) -> Self {
        Self { recorder: Some(recorder.borrow().clone()), name: None }
    }

    /// What the segments are called; if not set, as the recorder's service.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// See [`trace_each`].
    pub async fn trace_each<T>(
        &self,
        message: impl Message,
        work: impl AsyncFnOnce(Entity) -> T,
    ) -> T {
        match &self.recorder {
            Some(recorder) => {
                let segment = recorder.segment(self.segment_name(recorder));
                segment.header(message.trace_header()).run(work).await
            }
            None => xray_core::segment("", work).await,
        }
    }

    /// See [`batch`].
    pub async fn batch<T>(
        &self,
        messages: impl IntoIterator<Item: Message>,
        work: impl AsyncFnOnce(Entity) -> T,
    ) -> T {
        let Some(recorder) = &self.recorder else { return xray_core::segment("", work).await };
        let headers: Vec<TraceHeader> =
            messages.into_iter().map(|message| message.trace_header()).collect();
        let mut segment = recorder.segment(self.segment_name(recorder));
        if headers.iter().any(|header| header.sampled == Some(Sampled::Yes)) {
            segment = segment.sampled(true);
        }
        segment
            .run(async |segment: Entity| {
                segment.when_sampled(|segment| {
                    for header in &headers {
                        if let (Some(trace_id), Some(id)) = (header.root, header.parent) {
                            segment.link(Link { trace_id, id });
                        }
                    }
                });
                work(segment).await
            })
            .await
    }

    fn segment_name<'a>(&'a self, recorder: &'a Recorder) -> &'a str {
        self.name.as_deref().unwrap_or_else(|| recorder.service())
    }
}
