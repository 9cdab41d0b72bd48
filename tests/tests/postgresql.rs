//! Queries to a real PostgreSQL: what is recorded of them, by what sqlx logs and by the helper.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, Row};
use tracing::Instrument;
use tracing::instrument::WithSubscriber;
use tracing_subscriber::{Registry, layer::SubscriberExt};
use xray_core::{
    Delivery, Recorder, Subsegment,
    sample::LocalRules,
    sql::{SqlTarget, sql_subsegment},
    testing::{MemoryEmitter, Trees},
};
use xray_tests::Postgres;
use xray_tracing::{SqlxLayer, sqlx_span};

#[tokio::test]
async fn smoke() {
    let server = Postgres::start();
    let mut connection = PgConnection::connect(&server.url("postgres")).await.unwrap();
    let shop = SqlTarget::from_url(&server.url("shop")).unwrap();
    let memory = MemoryEmitter::new();
    let xray = Recorder::builder("orders")
        .emitter(memory.clone())
        .delivery(Delivery::Inline)
        .sampling_rules(LocalRules::everything())
        .collect_sql_queries(true)
        .build()
        .unwrap();
    let subscriber = Registry::default().with(SqlxLayer::new(shop.clone()));
    let segment = xray.begin_segment("orders");
    segment
        .scope(async {
            connection
                .execute("CREATE TABLE orders (id INT PRIMARY KEY, note TEXT)")
                .await
                .unwrap();
            connection
                .execute("INSERT INTO orders VALUES (1, 'private'), (2, 'private')")
                .await
                .unwrap();
            sqlx::query("SELECT note, pg_sleep(0.05)::text FROM orders WHERE id = $1")
                .bind(1)
                .fetch_one(&mut connection)
                .await
                .unwrap();
        })
        .with_subscriber(subscriber)
        .await;
    segment.end();
    println!("{:#}", json!(memory.take()));
}
