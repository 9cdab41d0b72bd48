//! Batches of which some messages fail.

use std::{
    error::Error,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use aws_lambda_events::event::sqs::SqsBatchResponse;
use xray_core::{Entity, document::Exception};

use super::{Consumer, Record};

/// Works on the messages one after the other, each as [`trace_each`](super::trace_each) does, and tells
/// Lambda which of them failed, so that only those come again.
///
/// It needs `ReportBatchItemFailures` among the `FunctionResponseTypes` of the queue's event source mapping.
/// Without it, Lambda takes whatever is returned for success, and the failed messages are lost.
///
/// An error is recorded on the message's entity, and so is a panic, which fails its message and no other one.
/// All are in one subsegment with the annotations `batch_size` and `batch_failures`, and it is a fault
/// if there are any. At the first failure in a FIFO queue, those after it are not worked on and are
/// returned as well, since their order would be lost; `batch_skipped` is their number.
///
/// ```
/// use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
/// use lambda_runtime::{Error, LambdaEvent};
/// use xray_lambda::event::partial_batch;
///
/// # async fn ship(_: &str) -> Result<(), Error> { Ok(()) }
/// async fn handler(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
///     Ok(partial_batch(&event.payload.records, async |message, _| {
///         ship(message.body.as_deref().ok_or("a message without a body")?).await
///     })
///     .await)
/// }
/// ```
pub async fn partial_batch<'a, R, E, F>(
    records: &'a [R],
    work: impl FnMut(&'a R, Entity) -> F,
) -> SqsBatchResponse
where
    R: Record,
    E: Into<Box<dyn Error + Send + Sync>>,
    F: Future<Output = Result<(), E>>,
{
    Consumer::new().partial_batch(records, work).await
}

impl Consumer {
    /// See [`partial_batch`].
    pub async fn partial_batch<'a, R, E, F>(
        &self,
        records: &'a [R],
        mut work: impl FnMut(&'a R, Entity) -> F,
    ) -> SqsBatchResponse
    where
        R: Record,
        E: Into<Box<dyn Error + Send + Sync>>,
        F: Future<Output = Result<(), E>>,
    {
        self.batch(records, async |batch| {
            let mut response = SqsBatchResponse::default();
            let mut skipped: &[R] = &[];
            for (index, record) in records.iter().enumerate() {
                if self.fails(record, &mut work).await {
                    // One without an id fails the whole batch, which is Lambda's rule and loses nothing.
                    response.add_failure(record.id().unwrap_or_default());
                    if record.is_ordered() {
                        skipped = &records[index + 1..];
                        break;
                    }
                }
            }
            let failures = response.batch_item_failures.len();
            batch.annotate("batch_size", records.len());
            batch.annotate("batch_failures", failures);
            if failures > 0 {
                batch.set_fault(true);
            }
            if !skipped.is_empty() {
                batch.annotate("batch_skipped", skipped.len());
            }
            for record in skipped {
                response.add_failure(record.id().unwrap_or_default());
            }
            response
        })
        .await
    }

    /// Whether the work on this record fails; why is recorded.
    async fn fails<'a, R, E, F>(
        &self,
        record: &'a R,
        work: &mut impl FnMut(&'a R, Entity) -> F,
    ) -> bool
    where
        R: Record,
        E: Into<Box<dyn Error + Send + Sync>>,
        F: Future<Output = Result<(), E>>,
    {
        let mut traced = pin!(self.trace_each(record, async |entity: Entity| {
            match work(record, entity.clone()).await {
                Ok(()) => false,
                Err(error) => {
                    entity.when_sampled(|entity| {
                        entity.record_exception_chain(Exception::chain_of(&*error.into()));
                    });
                    true
                }
            }
        }));
        // Its entity has recorded a panic when it comes here.
        poll_fn(|context| {
            let poll = catch_unwind(AssertUnwindSafe(|| traced.as_mut().poll(context)));
            poll.unwrap_or(Poll::Ready(true))
        })
        .await
    }
}
