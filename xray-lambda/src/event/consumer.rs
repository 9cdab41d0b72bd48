use std::borrow::{Borrow, Cow};

use xray_core::{
    Entity, Recorder, TraceHeader,
    document::Link,
    header::Sampled,
    message::{self, Senders},
    subsegment,
};

use super::Record;

/// What X-Ray calls the part of Lambda that runs a function's code, as it stands in the segments of Lambda.
const ORIGIN: &str = "AWS::Lambda::Function";

/// Works on one record as a part of its sender's trace, or of the invocation where it carries none; see
/// the [module](crate::event).
///
/// ```
/// use lambda_runtime::{Error, LambdaEvent};
/// use serde_json::Value;
/// use xray_lambda::event::trace_each;
///
/// # async fn ship(_: &Value) -> Result<(), Error> { Ok(()) }
/// async fn handler(event: LambdaEvent<Value>) -> Result<(), Error> {
///     trace_each(&event.payload, async |entity| {
///         entity.annotate("urgent", true);
///         ship(&event.payload).await
///     })
///     .await
/// }
/// ```
pub async fn trace_each<T>(record: &impl Record, work: impl AsyncFnOnce(Entity) -> T) -> T {
    Consumer::new().trace_each(record, work).await
}

/// Works on all records in one subsegment of the invocation, with a link to the sender of each.
///
/// ```
/// # #[cfg(feature = "sqs")]
/// # mod example {
/// use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
/// use lambda_runtime::{Error, LambdaEvent};
/// use xray_lambda::event::batch;
///
/// # async fn store(_: &[SqsMessage]) -> Result<(), Error> { Ok(()) }
/// async fn handler(event: LambdaEvent<SqsEvent>) -> Result<(), Error> {
///     batch(&event.payload.records, async |_| store(&event.payload.records).await).await
/// }
/// # }
/// ```
pub async fn batch<T>(records: &[impl Record], work: impl AsyncFnOnce(Entity) -> T) -> T {
    Consumer::new().batch(records, work).await
}

/// Works on records with a recorder that is not the installed one, or under another name.
///
/// ```
/// use xray_lambda::{event::Consumer, xray_core::Recorder};
///
/// # async fn example(input: serde_json::Value) -> Result<(), xray_lambda::xray_core::Error> {
/// let xray = Recorder::builder("orders").build()?;
/// let consumer = Consumer::with(&xray).name("orders worker");
/// consumer.trace_each(&input, async |entity| entity.annotate("paid", true)).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "it does nothing before it gets records"]
pub struct Consumer {
    recorder: Option<Recorder>,
    name: Option<String>,
}

impl Consumer {
    /// With the installed recorder. Without one, nothing is recorded in the traces of senders.
    pub fn new() -> Self {
        Self { recorder: Recorder::installed(), name: None }
    }

    /// With this recorder.
    pub fn with(recorder: impl Borrow<Recorder>) -> Self {
        Self { recorder: Some(recorder.borrow().clone()), name: None }
    }

    /// What the segments in traces of senders are called; if not set, as the function, and elsewhere as the
    /// recorder's service. Another name than the function's makes another node on the map.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// See [`trace_each`].
    pub async fn trace_each<T>(
        &self,
        record: &impl Record,
        work: impl AsyncFnOnce(Entity) -> T,
    ) -> T {
        let invocation = Entity::current();
        let work = async |entity: Entity| {
            if let Some(id) = record.id() {
                entity.aws("message_id", id);
            }
            work(entity).await
        };
        let header = record.trace_header();
        match &self.recorder {
            Some(recorder)
                if invocation.is_absent()
                    || header.root.is_some_and(|root| root != invocation.trace_id()) =>
            {
                self.in_trace_of(header, recorder, &invocation, work).await
            }
            _ => subsegment(record.name(), work).await,
        }
    }

    /// See [`batch`].
    pub async fn batch<T>(
        &self,
        records: &[impl Record],
        work: impl AsyncFnOnce(Entity) -> T,
    ) -> T {
        let headers = || records.iter().map(Record::header_text);
        let invocation = Entity::current();
        match &self.recorder {
            Some(recorder) if invocation.is_absent() => {
                let consumer = message::Consumer::with(recorder);
                consumer.name(&self.segment_name(recorder)).batch(headers(), work).await
            }
            _ => {
                let name = match records.first().filter(|_| invocation.is_sampled()) {
                    Some(record) => format!("{} batch", record.name()).into(),
                    None => Cow::Borrowed("batch"),
                };
                subsegment(&name, async |entity| {
                    entity.when_sampled(|entity| Senders::of(headers()).link(entity));
                    work(entity).await
                })
                .await
            }
        }
    }

    /// A segment of the function's in another trace than the invocation's.
    async fn in_trace_of<T>(
        &self,
        mut header: TraceHeader,
        recorder: &Recorder,
        invocation: &Entity,
        work: impl AsyncFnOnce(Entity) -> T,
    ) -> T {
        if !matches!(header.sampled, Some(Sampled::Yes | Sampled::No)) && !invocation.is_absent() {
            header.sampled = Some(if invocation.is_sampled() { Sampled::Yes } else { Sampled::No });
        }
        // Lambda looks for loops by its `Lineage`; the one with the message is that of the step before.
        if let Some(counted) = invocation.trace_header().and_then(|header| header.data) {
            header.data = Some(counted);
        }
        let name = match header.sampled {
            Some(Sampled::No) => Cow::Borrowed(recorder.service()),
            _ => self.segment_name(recorder),
        };
        let segment = recorder.segment(&name).header(header);
        segment
            .run(async |segment: Entity| {
                segment.when_sampled(|segment| {
                    segment.origin(ORIGIN);
                    if invocation.is_sampled() {
                        segment.link(link_to(invocation));
                        invocation.link(link_to(segment));
                    }
                });
                work(segment).await
            })
            .await
    }

    fn segment_name<'a>(&'a self, recorder: &'a Recorder) -> Cow<'a, str> {
        match &self.name {
            Some(name) => name.into(),
            None => recorder.function_name().map_or(recorder.service().into(), Cow::Owned),
        }
    }
}

fn link_to(entity: &Entity) -> Link {
    Link { trace_id: entity.trace_id(), id: entity.id() }
}
