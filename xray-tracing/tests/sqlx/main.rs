//! Queries of sqlx to SQLite, recorded by what it logs: whole documents.

use std::{future::Future, time::{Duration, SystemTime}};

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use tracing::{Instrument, instrument::WithSubscriber};
use tracing_subscriber::{Registry, layer::SubscriberExt};
use xray_core::{
    Delivery, Entity, Recorder, Segment,
    sample::LocalRules,
    sql::{SqlTarget, sql_subsegment},
    testing::{MemoryEmitter, TestClock, TestIds, Trees},
};
use xray_tracing::{SqlxLayer, sqlx_span};

struct Recorded {
    xray: Recorder,
    memory: MemoryEmitter,
}

impl Recorded {
    fn new() -> Self {
        let memory = MemoryEmitter::new();
        let clock = TestClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_461_096_053));
        let xray = Recorder::builder("orders")
            .emitter(memory.clone())
            .delivery(Delivery::Inline)
            .sampling_rules(LocalRules::everything())
            .collect_sql_queries(true)
            .clock(&clock)
            .ids(&TestIds::new())
            .build()
            .unwrap();
        Self { xray, memory }
    }
}

#[tokio::test]
async fn a_query_is_a_subsegment() {
    let recorded = Recorded::new();
    let shop = SqlTarget::from_url("sqlite:data/shop.db?mode=rwc").unwrap();
    let subscriber = Registry::default().with(SqlxLayer::new(shop.clone()));
    async {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let segment = recorded.xray.begin_segment("orders");
        segment.scope(async {
            let rows = sqlx::query("SELECT 1 AS one, 'x' AS text").fetch_all(&mut connection).instrument(sqlx_span(&shop)).await.unwrap();
            assert_eq!(rows.len(), 1);
        }).await;
    }.with_subscriber(subscriber).await;
    println!("{:#}", json!(recorded.memory.take()));
}
