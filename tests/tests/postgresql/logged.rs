//! Queries of sqlx, by what it logs.

use std::time::Duration;

use log::LevelFilter;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, Row};
use tracing::instrument::{Instrument, WithSubscriber};
use xray_core::InCurrentSegment;
use xray_tracing::sqlx_span;

use super::{INSERT, SERVER, database, query, recorded, without_times};

#[tokio::test]
async fn queries_are_subsegments() {
    let (shop, mut connection) = database("shop").await;
    let queries = recorded(&shop, async {
        sqlx::query(INSERT).bind(7).execute(&mut connection).await.unwrap();
        let select = "SELECT note FROM orders WHERE id IN ($1, 8) /* 42 */ AND note <> $$x$$";
        let rows = sqlx::query(select).bind(7).fetch_all(&mut connection).await.unwrap();
        assert_eq!(rows[1].get::<&str, _>(0), "pri'vate");
        sqlx::query("SELECT generate_series(1, 3)").fetch_one(&mut connection).await.unwrap();
        let mut transaction = connection.begin().await.unwrap();
        transaction.execute("DELETE FROM orders").await.unwrap();
        transaction.rollback().await.unwrap();
    })
    .await;
    assert_eq!(
        without_times(queries),
        json!([
            query(3, "shop", "INSERT INTO orders (id, note) VALUES ($1, ?), (?, ?)", [2, 0]),
            query(4, "shop", "SELECT note FROM orders WHERE id IN ($1, ?) AND note <> ?", [2, 2]),
            query(5, "shop", "SELECT generate_series(?, ?)", [3, 3]),
            query(6, "shop", "DELETE FROM orders", [2, 0]),
            query(7, "shop", "ROLLBACK", [0, 0]),
        ])
    );
}

#[tokio::test]
async fn a_query_lasts_as_long_as_it_took() {
    let (shop, mut connection) = database("slow").await;
    let queries = recorded(&shop, async {
        connection.execute("SELECT pg_sleep(0.2)").await.unwrap();
        // Given up: sqlx tells of it all the same.
        let sleep = connection.execute("SELECT pg_sleep(60)");
        tokio::time::timeout(Duration::from_millis(100), sleep).await.unwrap_err();
    })
    .await;
    let took =
        |query: &Value| query["end_time"].as_f64().unwrap() - query["start_time"].as_f64().unwrap();
    assert!(took(&queries[0]) >= 0.199, "{queries}");
    assert!(took(&queries[1]) >= 0.099, "{queries}");
    let text = "SELECT pg_sleep(?)";
    let expected = json!([query(3, "slow", text, [1, 1]), query(4, "slow", text, [0, 0])]);
    assert_eq!(without_times(queries), expected);
}

#[tokio::test]
async fn slow_statements_and_other_levels_count_as_well() {
    let (shop, _) = database("levels").await;
    let options: PgConnectOptions = SERVER.url("levels").parse().unwrap();
    let slow = options.clone().log_slow_statements(LevelFilter::Warn, Duration::ZERO);
    let sea_orm = options.clone().log_statements(LevelFilter::Info);
    let silent = options.disable_statement_logging();
    let queries = recorded(&shop, async {
        for options in [slow, sea_orm, silent] {
            let mut connection = options.connect().await.unwrap();
            connection.execute("SELECT 1").await.unwrap();
        }
    })
    .await;
    let texts = queries.as_array().unwrap().iter().map(|query| &query["sql"]["sanitized_query"]);
    // Each connection begins with settings of sqlx's own.
    let texts: Vec<_> = texts.filter(|text| *text == "SELECT ?").collect();
    assert_eq!(texts.len(), 2, "{queries}");
}

#[tokio::test]
async fn a_pool_and_tasks_are_followed() {
    let (shop, _) = database("pooled").await;
    let pool =
        PgPoolOptions::new().max_connections(2).connect(&SERVER.url("pooled")).await.unwrap();
    let queries = recorded(&shop, async {
        let tasks: Vec<_> = (0..8)
            .map(|id: i32| {
                let pool = pool.clone();
                let insert = async move {
                    let insert = sqlx::query("INSERT INTO orders VALUES ($1, 'private')").bind(id);
                    insert.execute(&pool).await.unwrap()
                };
                tokio::spawn(insert.in_current_segment().with_current_subscriber())
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap().rows_affected(), 1);
        }
    });
    let queries = queries.await;
    pool.close().await;
    let insert = |query: &&Value| {
        query["sql"]["sanitized_query"] == "INSERT INTO orders VALUES ($1, ?)"
            && query["metadata"]["sqlx"] == json!({"rows_affected": 1, "rows_returned": 0})
    };
    assert_eq!(queries.as_array().unwrap().iter().filter(insert).count(), 8, "{queries}");
}

#[tokio::test]
async fn a_second_database_is_told_by_a_span() {
    let (first, mut connection) = database("first").await;
    let (second, mut other) = database("second").await;
    let queries = recorded(&first, async {
        connection.execute("SELECT 1").await.unwrap();
        other.execute("SELECT 2").instrument(sqlx_span(&second)).await.unwrap();
        connection.execute("SELECT 3").await.unwrap();
    })
    .await;
    let text = "SELECT ?";
    assert_eq!(
        without_times(queries),
        json!([
            query(3, "first", text, [1, 1]),
            query(4, "second", text, [1, 1]),
            query(5, "first", text, [1, 1]),
        ])
    );
}

#[tokio::test]
async fn long_and_odd_queries_are_bounded_and_made_all_the_same() {
    let (shop, mut connection) = database("odd").await;
    let long = format!("SELECT length('{}'), 'secret'", "private \u{202e}é ".repeat(80_000));
    assert!(long.len() > 1_000_000);
    let queries = recorded(&shop, async {
        let row = sqlx::raw_sql(AssertSqlSafe(long)).fetch_one(&mut connection).await.unwrap();
        assert_eq!(row.get::<i32, _>(0), 80_000 * 11);
        let odd = "SELECT $a$private$b$ '$a$, U&'\\0441' , 'it''s' /* a /* b */ */ -- 'private";
        sqlx::raw_sql(odd).fetch_one(&mut connection).await.unwrap();
        let unfinished = "SELECT 'private";
        assert!(sqlx::raw_sql(unfinished).fetch_one(&mut connection).await.is_err());
    })
    .await;
    let texts = queries.as_array().unwrap().iter().map(|query| &query["sql"]["sanitized_query"]);
    assert_eq!(texts.collect::<Vec<_>>(), ["SELECT length(?", "SELECT ?, ? , ?", "SELECT ?"]);
}
