//! Subsegments of queries, whatever the driver: whole documents.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    env,
    error::Error,
    fmt,
    future::pending,
    io, panic,
    process::Command,
    time::Duration,
};

use serde_json::{Value, json};
use xray_core::{
    Entity, SqlTarget, document::MAX_SQL, environment::Machine, sql_subsegment,
    testing::MemoryEmitter,
};

use super::{recorder, subsegment};

const QUERY: &str = "SELECT * FROM orders WHERE note = 'private' -- by note";

/// What drivers' errors look like.
#[derive(Debug)]
struct Duplicate(io::Error);

impl fmt::Display for Duplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("error returned from database")
    }
}

impl Error for Duplicate {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn duplicate() -> Result<u64, Duplicate> {
    Err(Duplicate(io::Error::other("duplicate key value")))
}

fn shop() -> SqlTarget {
    SqlTarget::from_url("postgres://app:secret@db.internal:5432/shop").unwrap()
}

/// What a query of the shop looks like.
fn described(query: Option<&str>) -> Value {
    let mut sql = json!({
        "url": "postgres://app@db.internal:5432/shop", "database_type": "PostgreSQL", "user": "app",
    });
    if let Some(query) = query {
        sql["sanitized_query"] = json!(query);
    }
    json!({"name": "shop@db.internal", "namespace": "remote", "sql": sql})
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

/// Runs `work` in a segment whose queries are collected, and gives its only subsegment.
#[track_caller]
fn collected(work: impl AsyncFnOnce()) -> Value {
    let memory = MemoryEmitter::new();
    let xray = recorder(&memory).collect_sql_queries(true).build().unwrap();
    let segment = xray.begin_segment("orders");
    block_on(segment.scope(work()));
    segment.end();
    subsegment(&memory)
}

const SANITIZED: &str = "SELECT * FROM orders WHERE note = ?";

#[test]
fn a_query_is_a_subsegment() {
    let document = collected(async || {
        let shop = shop();
        let rows = sql_subsegment(&shop, QUERY, async |query| {
            assert_eq!(Entity::current().id(), query.id());
            assert!(Entity::current().is_query());
            Ok::<_, io::Error>(3)
        });
        assert_eq!(rows.await.unwrap(), 3);
        assert!(!Entity::current().is_query());
    });
    assert_eq!(document, described(Some(SANITIZED)));
}

#[test]
fn errors_are_recorded() {
    // With stacks the frames are many, and different in each build.
    if Backtrace::capture().status() == BacktraceStatus::Captured {
        let test = Command::new(env::current_exe().unwrap())
            .args(["--exact", "queries::errors_are_recorded"])
            .env_remove("RUST_LIB_BACKTRACE")
            .env_remove("RUST_BACKTRACE")
            .output()
            .unwrap();
        return assert!(test.status.success(), "{}", String::from_utf8_lossy(&test.stdout));
    }
    let mut line = 0;
    let document = collected(async || {
        line = line!() + 1;
        let result = sql_subsegment(&shop(), QUERY, async |_| duplicate()).await;
        result.unwrap_err();
    });
    is_duplicate(document, line);
    let document = collected(async || {
        line = line!() + 1;
        shop().run(QUERY, |_| duplicate()).unwrap_err();
    });
    is_duplicate(document, line);
    let document = collected(async || {
        line = line!() + 1;
        shop().begin(QUERY).end_with(duplicate()).unwrap_err();
    });
    is_duplicate(document, line);
}

#[track_caller]
fn is_duplicate(mut document: Value, line: u32) {
    let cause = document["cause"].take();
    let mut expected = described(Some(SANITIZED));
    (expected["fault"], expected["cause"]) = (json!(true), json!(null));
    assert_eq!(document, expected);
    let mut exceptions = cause["exceptions"].clone();
    let ids: Vec<_> =
        exceptions.as_array_mut().unwrap().iter_mut().map(|one| one["id"].take()).collect();
    assert_eq!(
        exceptions,
        json!([
            {
                "id": null, "message": "error returned from database", "cause": ids[1],
                "type": "sql::queries::Duplicate",
                // Where the query is made, and not inside of the SDK.
                "stack": [{"path": file!(), "line": line}],
            },
            {"id": null, "message": "duplicate key value", "type": "std::io::Error"},
        ])
    );
}

#[test]
fn a_query_that_is_given_up_ends() {
    let document = collected(async || {
        let shop = shop();
        let query = sql_subsegment(&shop, QUERY, async |_| pending::<io::Result<()>>().await);
        assert!(tokio::time::timeout(Duration::ZERO, query).await.is_err());
    });
    assert_eq!(document, described(Some(SANITIZED)));
    let document = collected(async || drop(shop().begin(QUERY)));
    assert_eq!(document, described(Some(SANITIZED)));
}

#[test]
fn a_panic_in_a_query_is_a_fault_and_goes_on() {
    let document = collected(async || {
        let query = || shop().run(QUERY, |_| -> io::Result<()> { panic!("no row") });
        panic::catch_unwind(panic::AssertUnwindSafe(query)).unwrap_err();
    });
    assert_eq!(document["fault"], true);
    assert_eq!(document["cause"]["exceptions"][0]["message"], "no row");
}

/// Whether and how the text is recorded.
#[test]
fn queries_are_collected_as_told() {
    let text = |collect: bool, word: &str, target: SqlTarget| {
        let memory = MemoryEmitter::new();
        let machine = Machine::with_root("/nowhere").variable("AWS_XRAY_COLLECT_SQL_QUERIES", word);
        let builder = recorder(&memory).collect_sql_queries(collect).machine(machine);
        let xray = builder.build().unwrap();
        let segment = xray.begin_segment("orders");
        let entered = segment.enter();
        shop_query(&target);
        drop((entered, segment));
        subsegment(&memory)
    };
    assert_eq!(text(false, "", shop()), described(None), "not unless it is asked for");
    assert_eq!(text(true, "", shop()), described(Some(SANITIZED)));
    assert_eq!(text(false, "yes", shop()), described(Some(SANITIZED)), "the environment says so");
    assert_eq!(text(true, "off", shop()), described(None), "the environment comes first");
    assert_eq!(text(true, "", shop().without_queries()), described(None));
    assert_eq!(text(true, "", shop().raw_queries()), described(Some(QUERY)));
    assert_eq!(text(true, "off", shop().raw_queries()), described(None));
}

fn shop_query(target: &SqlTarget) {
    target.run(QUERY, |_| Ok::<_, io::Error>(())).unwrap();
}

#[test]
fn hostile_queries_are_bounded() {
    let values = "(1, 'secret'), ".repeat(70_000);
    let long = format!("INSERT INTO orders VALUES {values}(2, 'secret')");
    assert!(long.len() > 1_000_000);
    let columns = "secret, ".repeat(130_000);
    for (query, expected) in [
        (long.as_str(), "INSERT INTO orders VALUES (?, ?), (?, ?"),
        ("SELECT 'secret", "SELECT ?"),
        ("SELECT 1 /* secret", "SELECT ?"),
        ("SELECT $$secret", "SELECT ?"),
        ("SELECT \"secret", "SELECT ?"),
        ("\u{0}\u{202e}'secret'\u{0}", "\u{0}\u{202e}?\u{0}"),
    ] {
        let document = collected(async || shop().begin(query).end());
        assert_eq!(document, described(Some(expected)), "{}", &query[..20.min(query.len())]);
    }
    for target in [shop(), shop().raw_queries()] {
        let document = collected(async || target.begin(&columns).end());
        let text = document["sql"]["sanitized_query"].as_str().unwrap();
        assert!(text.starts_with("secret, secret,"));
        assert!((MAX_SQL - 10..=MAX_SQL).contains(&text.chars().count()));
    }
}

#[test]
fn outside_of_a_segment_the_query_is_made_all_the_same() {
    let rows = block_on(sql_subsegment(&shop(), QUERY, async |_| Ok::<_, io::Error>(3)));
    assert_eq!(rows.unwrap(), 3);
    assert_eq!(shop().run(QUERY, |_| Ok::<_, io::Error>(3)).unwrap(), 3);
    assert!(shop().begin(QUERY).end_with(duplicate()).is_err());
}

#[test]
fn the_helper_travels() {
    fn is_send(_: impl Send) {}
    let shop = shop();
    is_send(sql_subsegment(&shop, QUERY, async |_| Ok::<_, io::Error>(3)));
    is_send(shop.begin(QUERY));
}
