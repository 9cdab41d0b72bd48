//! Queries to a real PostgreSQL: what is recorded of them, by what sqlx logs and by the helper.

use std::sync::LazyLock;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tracing::instrument::WithSubscriber;
use tracing_subscriber::{Registry, layer::SubscriberExt};
use xray_core::testing::{MemoryEmitter, TestIds};
use xray_core::{Delivery, Recorder, RecorderBuilder, SqlTarget, sample::LocalRules};
use xray_tests::Postgres;
use xray_tracing::SqlxLayer;

mod helped;
mod logged;

/// One for all tests, with a database for each.
static SERVER: LazyLock<Postgres> = LazyLock::new(Postgres::start);

const INSERT: &str = "INSERT INTO orders (id, note) VALUES ($1, 'private'), (8, E'pri\\'vate')";

/// A database of a test's own with a table of orders, and a connection to it.
async fn database(name: &str) -> (SqlTarget, PgConnection) {
    let mut server = PgConnection::connect(&SERVER.url("postgres")).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut server)
        .await
        .unwrap();
    let mut connection = PgConnection::connect(&SERVER.url(name)).await.unwrap();
    connection.execute("CREATE TABLE orders (id INT PRIMARY KEY, note TEXT)").await.unwrap();
    let target = SqlTarget::from_url(&SERVER.url(name)).unwrap().driver_version("sqlx 0.9");
    (target, connection)
}

/// What is recorded of this work, in a segment, beside a layer for queries to this database.
async fn recorded(target: &SqlTarget, work: impl Future<Output = ()>) -> Value {
    let memory = MemoryEmitter::new();
    let xray = recorder().emitter(memory.clone()).delivery(Delivery::Inline).build().unwrap();
    let subscriber = Registry::default().with(SqlxLayer::new(target.clone()));
    let segment = xray.begin_segment("orders");
    segment.scope(work).with_subscriber(subscriber).await;
    segment.end();
    let documents = memory.take();
    let [segment] = &documents[..] else { panic!("{documents:?}") };
    is_whole(segment);
    assert!(!json!(documents).to_string().contains(Postgres::PASSWORD));
    segment["subsegments"].clone()
}

fn recorder() -> RecorderBuilder {
    Recorder::builder("orders")
        .sampling_rules(LocalRules::everything())
        .collect_sql_queries(true)
        .ids(&TestIds::new())
}

/// Queries ran after their segment began and before it ended, one after the other.
fn is_whole(segment: &Value) {
    let mut before = segment["start_time"].as_f64().unwrap();
    for query in segment["subsegments"].as_array().into_iter().flatten() {
        for key in ["start_time", "end_time"] {
            let time = query[key].as_f64().unwrap();
            assert!(before <= time + 1e-6, "{segment}");
            before = time;
        }
    }
    assert!(before <= segment["end_time"].as_f64().unwrap() + 1e-6, "{segment}");
}

/// A query as it is recorded, apart from its times.
fn query(id: u64, database: &str, text: &str, rows: [u64; 2]) -> Value {
    json!({
        "id": format!("{id:016x}"),
        "name": format!("{database}@127.0.0.1"),
        "namespace": "remote",
        "sql": {
            "url": format!("postgres://app@127.0.0.1:{}/{database}", SERVER.port()),
            "database_type": "PostgreSQL",
            "driver_version": "sqlx 0.9",
            "user": "app",
            "sanitized_query": text,
        },
        "metadata": {"sqlx": {"rows_affected": rows[0], "rows_returned": rows[1]}},
    })
}

/// Without what differs from run to run.
fn without_times(mut queries: Value) -> Value {
    for query in queries.as_array_mut().into_iter().flatten() {
        let query = query.as_object_mut().unwrap();
        query.remove("start_time");
        query.remove("end_time");
    }
    queries
}
