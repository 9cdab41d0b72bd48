//! Queries to a real PostgreSQL: what is recorded of them, by what sqlx logs and by the helper.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use log::LevelFilter;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, Row};
use tracing::instrument::{Instrument, WithSubscriber};
use tracing_subscriber::{Registry, layer::SubscriberExt};
use xray_core::testing::{MemoryEmitter, TestIds};
use xray_core::{
    Delivery, InCurrentSegment, Recorder, SqlTarget, sample::LocalRules, sql_subsegment,
};
use xray_tests::{Postgres, UdpListener};
use xray_tracing::{SqlxLayer, sqlx_span};

static SERVER: LazyLock<Postgres> = LazyLock::new(Postgres::start);

const INSERT: &str = "INSERT INTO orders (id, note) VALUES ($1, 'private'), (8, E'pri\\'vate')";

/// A database of a test's own with a table of orders, and a connection to it.
async fn database(name: &str) -> (SqlTarget, PgConnection) {
    let mut server = PgConnection::connect(&SERVER.url("postgres")).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
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

fn recorder() -> xray_core::RecorderBuilder {
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

/// What the server says of a second order 7, recorded with the two ids from this one on.
fn duplicate(id: u64, kinds: [&str; 2], messages: [&str; 2]) -> Value {
    let id = |more: u64| format!("{:016x}", id + more);
    json!([
        {"id": id(0), "cause": id(1), "type": kinds[0], "message": messages[0], "stack": null},
        {"id": id(1), "type": kinds[1], "message": messages[1]},
    ])
}

/// Takes the exceptions out, without their stack.
fn exceptions(query: &mut Value) -> Value {
    let mut exceptions = query["cause"]["exceptions"].take();
    exceptions[0]["stack"].take();
    query.as_object_mut().unwrap().remove("cause");
    exceptions
}

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
async fn a_unique_violation_is_recorded_through_the_helper() {
    let (shop, mut connection) = database("violated").await;
    let target = shop.clone();
    let mut message = String::new();
    let queries = recorded(&shop, async {
        sqlx::query(INSERT).bind(7).execute(&mut connection).await.unwrap();
        // One subsegment, to which the driver's event adds the rows.
        let again = sql_subsegment(&target, INSERT, async |_| {
            sqlx::query(INSERT).bind(7).execute(&mut connection).await
        });
        let error = again.await.unwrap_err();
        let error = error.as_database_error().unwrap();
        assert!(error.is_unique_violation());
        message = error.to_string();
    })
    .await;
    let mut queries = without_times(queries);
    assert!(message.starts_with("duplicate key value violates unique constraint"));
    assert_eq!(
        exceptions(&mut queries[1]),
        duplicate(
            5,
            ["sqlx_core::error::Error", "PgDatabaseError"],
            [&format!("error returned from database: {message}"), &message],
        )
    );
    let text = "INSERT INTO orders (id, note) VALUES ($1, ?), (?, ?)";
    let mut failed = query(4, "violated", text, [0, 0]);
    failed["fault"] = json!(true);
    assert_eq!(queries, json!([query(3, "violated", text, [2, 0]), failed]));
}

#[tokio::test]
async fn any_driver_goes_through_the_helper() {
    let (shop, _) = database("helped").await;
    let shop = shop.driver_version("tokio-postgres 0.7");
    let url = SERVER.url("helped");
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let target = shop.clone();
    let queries = recorded(&shop, async {
        let rows = target.begin(INSERT).end_with(client.execute(INSERT, &[&7]).await);
        assert_eq!(rows.unwrap(), 2);
        let again = sql_subsegment(&target, INSERT, async |_| client.execute(INSERT, &[&7]).await);
        assert_eq!(again.await.unwrap_err().code().unwrap().code(), "23505");
    })
    .await;
    drop(client);
    connection.await.unwrap().unwrap();
    let mut queries = without_times(queries);
    let message = "duplicate key value violates unique constraint \"orders_pkey\"";
    assert_eq!(
        exceptions(&mut queries[1]),
        duplicate(
            5,
            ["tokio_postgres::error::Error", "DbError"],
            ["db error", &format!("ERROR: {message}\nDETAIL: Key (id)=(7) already exists.")],
        )
    );
    let text = "INSERT INTO orders (id, note) VALUES ($1, ?), (?, ?)";
    let mut expected = [query(3, "helped", text, [0, 0]), query(4, "helped", text, [0, 0])];
    for query in &mut expected {
        query.as_object_mut().unwrap().remove("metadata");
        query["sql"]["driver_version"] = json!("tokio-postgres 0.7");
    }
    expected[1]["fault"] = json!(true);
    assert_eq!(queries, json!(expected));
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
    assert!((0.099..50.0).contains(&took(&queries[1])), "{queries}");
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
        let row =
            sqlx::raw_sql(sqlx::AssertSqlSafe(long)).fetch_one(&mut connection).await.unwrap();
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

#[tokio::test]
async fn no_password_ever_leaves() {
    let mut daemon = UdpListener::bind();
    let (shop, mut connection) = database("secrets").await;
    let xray = recorder().daemon(&daemon.address().to_string()).build().unwrap();
    let socket = SERVER.socket_folder().display();
    let password = Postgres::PASSWORD;
    let strings = [
        format!("host=127.0.0.1 user=app password={password} dbname=secrets"),
        format!("Server=127.0.0.1;Database=secrets;User Id=app;Password={{{password}}}"),
    ];
    let mut targets: Vec<_> =
        strings.iter().map(|text| SqlTarget::from_connection_string(text).unwrap()).collect();
    targets.push(shop.clone());
    targets.push(
        SqlTarget::from_url(&format!("postgres:///secrets?host={socket}&password={password}"))
            .unwrap(),
    );
    let subscriber = Registry::default().with(SqlxLayer::new(shop.clone()));
    let segment = xray.begin_segment("orders");
    let work = async {
        for target in &targets {
            let query = sqlx::query("SELECT id FROM orders");
            sql_subsegment(target, "SELECT id FROM orders", async |_| {
                query.fetch_all(&mut connection).await
            })
            .await
            .unwrap();
        }
        // What a server that is not let in says, and what a user does who sets a password.
        let wrong = SERVER.url("secrets").replace("app:", "nobody:");
        sql_subsegment(&shop, "connect", async |_| PgConnection::connect(&wrong).await)
            .await
            .unwrap_err();
        let alter = format!("ALTER ROLE app PASSWORD '{password}'");
        connection.execute(sqlx::AssertSqlSafe(alter)).await.unwrap();
    };
    segment.scope(work).with_subscriber(subscriber).await;
    segment.end();
    assert!(xray.flush(xray_tests::DEADLINE));
    let documents = daemon.collect_until(|documents| !documents.is_empty());
    let text = json!(documents).to_string();
    assert!(!text.contains(password), "{text}");
    let names: BTreeSet<_> = documents[0]["subsegments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|query| query["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, BTreeSet::from(["secrets@127.0.0.1", "secrets@localhost"]));
    assert!(text.contains("ALTER ROLE app PASSWORD ?"), "{text}");
    assert!(text.contains("password authentication failed for user"), "{text}");
}
