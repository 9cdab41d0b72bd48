//! `worker`: settles payments in the background. No request starts it, so it begins its own segments.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use xray_tower::{Entity, Recorder, Subsegment};

use crate::database::Database;
use crate::task::{Stop, Task};

const EVERY: Duration = Duration::from_millis(1500);
/// Orders settled in one round.
const BATCH: i64 = 25;

pub(crate) fn start(xray: Recorder, database: Database) -> Task {
    Task::spawn(|stop| run(xray, database, stop))
}

async fn run(xray: Recorder, database: Database, mut stop: Stop) {
    let mut rounds = interval(EVERY);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = &mut stop => return,
            _ = rounds.tick() => {}
        }
        // One segment, and so one trace, for each round. A process with one recorder installs it and
        // writes `segment("worker", async |segment| …)`.
        let segment = xray.begin_segment("worker");
        segment.annotate("job", "settle payments");
        if let Err(error) = segment.scope(settle(&segment, &database)).await {
            segment.record_error(&error);
        }
    }
}

async fn settle(segment: &Entity, database: &Database) -> sqlx::Result<()> {
    let orders = database.open_orders(BATCH).await?;
    segment.annotate("orders", orders.len());
    if let Some(&(last, _)) = orders.last() {
        let total: i64 = Subsegment::begin("add up").run(|step| {
            step.metadata("orders", &orders);
            orders.iter().map(|(_, total_cents)| total_cents).sum()
        });
        segment.annotate("settled_total", total as f64 / 100.0);
        database.settle(last).await?;
    }
    let restocked = database.restock(40, 10).await?;
    segment.annotate("restocked", restocked);
    Ok(())
}
