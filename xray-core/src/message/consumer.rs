use std::borrow::Borrow;

use super::{Message, Senders};
use crate::{Entity, Recorder};

/// Works on one message inside a segment that continues the sender's trace. The sender's decision
/// counts; without one, the sampling rules are asked.
///
/// ```
/// use xray_core::message::trace_each;
///
/// # struct Delivery { headers: std::collections::HashMap<String, String>, body: String }
/// # async fn example(delivery: Delivery) {
/// let header = delivery.headers.get("x-amzn-trace-id");
/// trace_each(header, async |segment| segment.annotate("length", delivery.body.len() as u64)).await;
/// # }
/// ```
///
/// The segment is named after the service of the installed recorder; see [`Consumer`] for another one.
pub async fn trace_each<T>(message: impl Message, work: impl AsyncFnOnce(Entity) -> T) -> T {
    Consumer::new().trace_each(message, work).await
}

/// Works on several messages inside one segment, with a link to the sender of each; see [`Senders`]. It is
/// recorded if the trace of one of the senders is, else if the sampling rules want it.
///
/// ```
/// use xray_core::message::batch;
///
/// # async fn example(headers: Vec<Option<String>>) {
/// batch(&headers, async |segment| segment.annotate("messages", headers.len() as u64)).await;
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
/// use xray_core::{Recorder, message::Consumer};
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
            None => crate::segment("", work).await,
        }
    }

    /// See [`batch`].
    pub async fn batch<T>(
        &self,
        messages: impl IntoIterator<Item: Message>,
        work: impl AsyncFnOnce(Entity) -> T,
    ) -> T {
        let Some(recorder) = &self.recorder else { return crate::segment("", work).await };
        let senders = Senders::of(messages);
        let mut segment = recorder.segment(self.segment_name(recorder));
        if senders.is_sampled() {
            segment = segment.sampled(true);
        }
        segment
            .run(async |segment: Entity| {
                senders.link(&segment);
                work(segment).await
            })
            .await
    }

    fn segment_name<'a>(&'a self, recorder: &'a Recorder) -> &'a str {
        self.name.as_deref().unwrap_or_else(|| recorder.service())
    }
}
