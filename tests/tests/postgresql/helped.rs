//! Queries of any driver, through the helper.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tracing::instrument::WithSubscriber;
use tracing_subscriber::{Registry, layer::SubscriberExt};
use xray_core::{SqlTarget, sql_subsegment};
use xray_tests::{DEADLINE, Postgres, UdpListener};
use xray_tracing::SqlxLayer;

use super::{INSERT, SERVER, database, query, recorded, recorder, without_times};

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
async fn no_password_ever_leaves() {
    let mut daemon = UdpListener::bind();
    let (shop, mut connection) = database("secrets").await;
    let xray = recorder().daemon(daemon.address()).build().unwrap();
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
        connection.execute(AssertSqlSafe(alter)).await.unwrap();
    };
    segment.scope(work).with_subscriber(subscriber).await;
    segment.end();
    assert!(xray.flush(DEADLINE));
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
