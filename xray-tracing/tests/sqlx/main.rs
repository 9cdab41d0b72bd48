//! Queries of sqlx, recorded by what it logs: whole documents.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use xray_core::{
    Delivery, Recorder, Segment, SqlTarget,
    sample::LocalRules,
    testing::{MemoryEmitter, TestClock, TestIds},
};

mod events;
mod sqlite;

/// When the clocks of these tests stand still.
const NOON: f64 = 1_461_096_000.0;

/// A service whose queries are collected, and what it has sent.
struct Service {
    xray: Recorder,
    memory: MemoryEmitter,
    clock: TestClock,
}

impl Service {
    fn new() -> Self {
        let memory = MemoryEmitter::new();
        let clock = TestClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs_f64(NOON));
        let xray = Recorder::builder("orders")
            .emitter(memory.clone())
            .delivery(Delivery::Inline)
            .sampling_rules(LocalRules::everything())
            .collect_sql_queries(true)
            .clock(&clock)
            .ids(&TestIds::new())
            .build()
            .unwrap();
        Self { xray, memory, clock }
    }

    fn segment(&self) -> Segment {
        self.xray.begin_segment("orders")
    }

    /// The subsegments of the only segment.
    #[track_caller]
    fn subsegments(&self) -> Value {
        let documents = self.memory.take();
        let [segment] = &documents[..] else { panic!("{documents:?}") };
        segment["subsegments"].clone()
    }
}

/// A query as it is recorded.
fn query(id: u64, target: (&str, &str, &str), query: &str, rows: [u64; 2]) -> Value {
    let (name, database_type, url) = target;
    json!({
        "id": format!("{id:016x}"),
        "name": name,
        "namespace": "remote",
        "sql": {"database_type": database_type, "url": url, "sanitized_query": query},
        "metadata": {"sqlx": {"rows_affected": rows[0], "rows_returned": rows[1]}},
        "start_time": NOON,
        "end_time": NOON,
    })
}

fn shop() -> SqlTarget {
    SqlTarget::from_url("sqlite:data/shop.db?mode=rwc").unwrap()
}

const SHOP: (&str, &str, &str) = ("sqlite@shop", "SQLite", "sqlite:data/shop.db");

const REPORTS: (&str, &str, &str) = ("sqlite@reports", "SQLite", "sqlite:data/reports.db");

fn reports() -> SqlTarget {
    SqlTarget::from_url("sqlite:data/reports.db").unwrap()
}
