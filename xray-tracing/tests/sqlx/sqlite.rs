//! SQLite, whose queries sqlx runs on a thread of its own.

use std::sync::Once;

use serde_json::{Value, json};
use sqlx::{Connection, Executor, Row, SqliteConnection};
use tracing::{Instrument, info_span};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};
use xray_core::{Entity, sql_subsegment, testing::Trees};
use xray_tracing::{SqlxLayer, sqlx_span};

use super::{REPORTS, SHOP, Service, query, reports, shop};

/// The subscriber of the process, which sqlx's threads see as well.
fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // What of it gets into the log does not decide what is recorded.
        let lines = tracing_subscriber::fmt::layer().with_filter(EnvFilter::new("info"));
        tracing_subscriber::registry().with(lines).with(SqlxLayer::new(shop())).init();
    });
}

/// A database with a table of orders.
async fn database() -> SqliteConnection {
    install();
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let schema = "CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT NOT NULL)";
    connection.execute(schema).await.unwrap();
    connection
}

#[tokio::test]
async fn queries_are_subsegments() {
    let service = Service::new();
    let mut database = database().await;
    let segment = service.segment();
    let work = async {
        let insert = "INSERT INTO orders (id, note) VALUES (7, 'private'), (8, 'private')";
        database.execute(insert).await.unwrap();
        let select = "SELECT note -- of one\n FROM orders\n WHERE id > ? AND note = 'private'";
        let rows = sqlx::query(select).bind(6).fetch_all(&mut database).await.unwrap();
        assert_eq!(rows.len(), 2);
        // All of it is the summary.
        let row = sqlx::query("SELECT 40 + 2").fetch_one(&mut database).await.unwrap();
        assert_eq!(row.get::<i64, _>(0), 42);
    };
    segment.scope(async { work.instrument(sqlx_span(&shop())).await }).await;
    segment.end();
    assert_eq!(
        service.subsegments(),
        json!([
            query(3, SHOP, "INSERT INTO orders (id, note) VALUES (?, ?)", [2, 0]),
            query(4, SHOP, "SELECT note FROM orders WHERE id > ? AND note = ?", [2, 2]),
            query(5, SHOP, "SELECT ? + ?", [0, 1]),
        ])
    );
}

#[tokio::test]
async fn a_query_belongs_where_its_span_was_made() {
    let service = Service::new();
    let mut database = database().await;
    let segment = service.segment();
    let work = async {
        let load = Entity::current().subsegment("load");
        let inner = async {
            // Spans of the program's own in between.
            let query = async {
                database.execute("SELECT 1").instrument(info_span!("of the program")).await
            };
            query.instrument(sqlx_span(&reports())).await
        };
        load.scope(inner).await.unwrap();
        load.end();
    };
    segment.scope(work).await;
    segment.end();
    let trees = Trees::of(&service.memory.take());
    assert_eq!(trees.to_string(), "orders\n  load\n    sqlite@reports (remote)\n");
    let rows = [0, 1];
    assert_eq!(*trees.get("orders/load/sqlite@reports"), query(4, REPORTS, "SELECT ?", rows));
}

#[tokio::test]
async fn an_error_is_recorded_through_the_helper_and_the_query_once() {
    let service = Service::new();
    let mut database = database().await;
    database.execute("INSERT INTO orders VALUES (7, 'first')").await.unwrap();
    let shop = shop();
    let segment = service.segment();
    let work = async {
        let insert = "INSERT INTO orders VALUES (7, 'private')";
        let insert = sql_subsegment(&shop, insert, async |_| {
            database.execute(insert).instrument(sqlx_span(&shop)).await
        });
        insert.await.unwrap_err().into_database_error().unwrap().is_unique_violation()
    };
    assert!(segment.scope(work).await);
    segment.end();
    let mut subsegments = service.subsegments();
    let mut cause = subsegments[0]["cause"].take();
    cause["working_directory"].take();
    cause["exceptions"][0]["stack"].take();
    let mut expected = query(3, SHOP, "INSERT INTO orders VALUES (?, ?)", [0, 0]);
    (expected["fault"], expected["cause"]) = (json!(true), Value::Null);
    // sqlx's thread hands the error over before it tells of the query, which may have ended by then.
    for it in [&mut subsegments[0], &mut expected] {
        it.as_object_mut().unwrap().remove("metadata");
    }
    assert_eq!(subsegments, json!([expected]));
    let message = "(code: 1555) UNIQUE constraint failed: orders.id";
    assert_eq!(
        cause,
        json!({
            "working_directory": null,
            "exceptions": [
                {
                    "id": "0000000000000004", "cause": "0000000000000005", "stack": null,
                    "type": "sqlx_core::error::Error",
                    "message": format!("error returned from database: {message}"),
                },
                {"id": "0000000000000005", "type": "SqliteError", "message": message},
            ],
        })
    );
}

#[tokio::test]
async fn what_is_not_sampled_and_what_has_no_segment_is_not_recorded() {
    let service = Service::new();
    let mut database = database().await;
    let segment = service.xray.segment("orders").sampled(false).begin();
    let work = async {
        assert!(sqlx_span(&shop()).is_none(), "not even a span");
        database.execute("SELECT 1").instrument(sqlx_span(&shop())).await.unwrap();
    };
    segment.scope(work).await;
    segment.end();
    database.execute("SELECT 2").instrument(sqlx_span(&shop())).await.unwrap();
    // Of what is sampled, what is not.
    let segment = service.segment();
    let detail = segment.unsampled_subsegment();
    let work = async { database.execute("SELECT 3").instrument(sqlx_span(&shop())).await };
    detail.scope(work).await.unwrap();
    drop((detail, segment));
    assert_eq!(service.subsegments(), Value::Null);
}
