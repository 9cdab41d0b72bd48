//! Queries of sqlx to SQLite, recorded by what it logs: whole documents.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use tracing::Instrument;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};
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

/// The subscriber of the process, since sqlx runs SQLite on a thread of its own.
fn install() -> SqlTarget {
    static SHOP: LazyLock<SqlTarget> = LazyLock::new(|| {
        let shop = SqlTarget::from_url("sqlite:data/shop.db?mode=rwc").unwrap();
        // The line of the usual log does not decide what is recorded.
        let lines = tracing_subscriber::fmt::layer().with_filter(EnvFilter::new("info"));
        tracing_subscriber::registry().with(lines).with(SqlxLayer::new(shop.clone())).init();
        shop
    });
    SHOP.clone()
}

#[tokio::test]
async fn a_query_is_a_subsegment() {
    let shop = install();
    let recorded = Recorded::new();
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let segment = recorded.xray.begin_segment("orders");
    segment
        .scope(async {
            let query = sqlx::query("SELECT 1 AS one, 'x' AS text");
            let rows = query.fetch_all(&mut connection).instrument(sqlx_span(&shop)).await;
            assert_eq!(rows.unwrap().len(), 1);
        })
        .await;
    segment.end();
    println!("{:#}", json!(recorded.memory.take()));
}
