//! `worker`: settles orders in the background. Each order comes as a message that brings the trace of its
//! request along; what no message starts begins a trace of its own.

use std::time::{Duration, Instant};

use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::Message;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::time::sleep;
use xray_aws::Consumer;
use xray_tower::{Entity, Recorder};

use crate::database::Database;
use crate::queue::Queue;
use crate::shop::Order;
use crate::task::{Stop, Task};

/// Between two looks at the shelves.
const EVERY: Duration = Duration::from_millis(1500);
/// After the queue has failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Why a message was not worked off.
#[derive(Debug, thiserror::Error)]
enum SettleError {
    #[error("the message is no order")]
    Message(#[from] serde_json::Error),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("the queue failed")]
    Queue(#[from] aws_sdk_sqs::Error),
}

pub(crate) fn start(xray: Recorder, database: Database, queue: Queue) -> Task {
    Task::spawn(|stop| run(xray, database, queue, stop))
}

async fn run(xray: Recorder, database: Database, queue: Queue, mut stop: Stop) {
    // A process with one recorder installs it, and writes `trace_each(…)` without a consumer and
    // `segment("restock", async |segment| …)`.
    let consumer = Consumer::with(&xray);
    let mut restocked = Instant::now();
    while stop.try_recv() == Err(TryRecvError::Empty) {
        let messages = match queue.receive().await {
            Ok(messages) => messages,
            Err(error) => {
                tracing::warn!("no messages: {}", DisplayErrorContext(&error));
                sleep(PAUSE).await;
                continue;
            }
        };
        for message in messages {
            let settle = async |segment: Entity| {
                if let Err(error) = settle(&segment, &database, &queue, &message).await {
                    segment.record_error(&error);
                }
            };
            consumer.trace_each(message.attributes(), settle).await;
        }
        if restocked.elapsed() > EVERY {
            restocked = Instant::now();
            let segment = xray.begin_segment("worker");
            if let Err(error) = segment.scope(restock(&segment, &database)).await {
                segment.record_error(&error);
            }
        }
    }
}

async fn settle(
    segment: &Entity,
    database: &Database,
    queue: &Queue,
    message: &Message,
) -> Result<(), SettleError> {
    let order: Order = serde_json::from_str(message.body().unwrap_or_default())?;
    segment.annotate("order_id", order.id);
    database.settle(order.id).await?;
    Ok(queue.delete(message).await?)
}

async fn restock(segment: &Entity, database: &Database) -> sqlx::Result<()> {
    segment.annotate("job", "restock");
    segment.annotate("restocked", database.restock(40, 10).await?);
    Ok(())
}
