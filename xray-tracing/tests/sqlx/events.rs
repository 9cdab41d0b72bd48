//! The events themselves, as sqlx emits them and as anybody else could.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tracing::{Level, Subscriber, event, info_span, subscriber::with_default};
use tracing_subscriber::{
    EnvFilter, Layer, Registry, fmt::MakeWriter, layer::SubscriberExt, registry::LookupSpan,
};
use xray_core::{document::MAX_SQL, sql::SqlTarget};
use xray_tracing::{SqlxLayer, sqlx_span};

use super::Service;

fn shop() -> SqlTarget {
    SqlTarget::from_url("postgres://app:secret@db.internal/shop").unwrap()
}

/// As sqlx has it when a query is over.
macro_rules! over {
    ($level:expr, $summary:expr, $statement:expr, $elapsed:expr $(, $($more:tt)*)?) => {
        event!(
            target: "sqlx::query", $level,
            summary = $summary, db.statement = $statement,
            rows_affected = 2_u64, rows_returned = 1_u64,
            elapsed = ?Duration::from_secs(1), elapsed_secs = $elapsed $(, $($more)*)?
        )
    };
}

/// The subsegments of a segment in which this happens, a minute after it has begun.
#[track_caller]
fn recorded(subscriber: impl Subscriber + Send + Sync, work: impl FnOnce()) -> Value {
    let service = Service::new();
    let segment = service.segment();
    service.clock.advance(Duration::from_secs(60));
    with_default(subscriber, || {
        let _entered = segment.enter();
        work();
    });
    segment.end();
    service.subsegments()
}

fn layered() -> impl Subscriber + for<'span> LookupSpan<'span> + Send + Sync {
    Registry::default().with(SqlxLayer::new(shop()))
}

/// Begin and end, in seconds after the segment's begin.
#[track_caller]
fn times(query: &Value) -> (f64, f64) {
    let after = |key: &str| query[key].as_f64().unwrap() - super::NOON;
    (after("start_time"), after("end_time"))
}

#[test]
fn a_query_began_before_its_event() {
    let queries = recorded(layered(), || {
        over!(
            Level::DEBUG,
            "SELECT * FROM orders …",
            "\n\nSELECT * FROM orders\nWHERE id = 7\n",
            2.5
        );
    });
    assert_eq!(
        queries,
        json!([{
            "id": "0000000000000003",
            "name": "shop@db.internal",
            "namespace": "remote",
            "sql": {
                "url": "postgres://app@db.internal/shop",
                "database_type": "PostgreSQL",
                "user": "app",
                "sanitized_query": "SELECT * FROM orders WHERE id = ?",
            },
            "metadata": {"sqlx": {"rows_affected": 2, "rows_returned": 1}},
            "start_time": super::NOON + 57.5,
            "end_time": super::NOON + 60.0,
        }])
    );
}

#[test]
fn levels_of_sea_orm_and_of_slow_statements_count_as_well() {
    let queries = recorded(layered(), || {
        over!(Level::INFO, "SELECT 1", "", 1.0);
        over!(
            Level::WARN, "SELECT 2", "", 2.0, slow_threshold = ?Duration::from_secs(1),
            "slow statement: execution time exceeded alert threshold"
        );
    });
    assert_eq!(times(&queries[0]), (59.0, 60.0));
    assert_eq!(times(&queries[1]), (58.0, 60.0));
    assert_eq!(queries.as_array().unwrap().len(), 2);
}

#[test]
fn numbers_that_make_no_sense_count_as_now() {
    let queries = recorded(layered(), || {
        for elapsed in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, f64::MIN_POSITIVE] {
            over!(Level::DEBUG, "SELECT 1", "", elapsed);
        }
        over!(Level::DEBUG, "SELECT 1", "", 1e18);
        over!(Level::DEBUG, "SELECT 1", "", 61.0);
    });
    let queries = queries.as_array().unwrap();
    assert_eq!(queries.len(), 7);
    for query in &queries[..5] {
        assert_eq!(times(query), (60.0, 60.0));
    }
    for query in &queries[5..] {
        assert_eq!(times(query), (0.0, 60.0), "not before the segment");
    }
}

#[test]
fn events_that_are_not_of_sqlx_are_borne() {
    let queries = recorded(layered(), || {
        event!(target: "sqlx::query", Level::DEBUG, "nothing of it");
        event!(target: "sqlx::query", Level::DEBUG, summary = 7, rows_affected = -1, elapsed_secs = "x");
        event!(target: "sqlx::query", Level::DEBUG, summary = "a", db.statement = "  ", elapsed_secs = true);
        event!(target: "sqlx::queries", Level::DEBUG, summary = "other");
        event!(target: "sqlx", Level::ERROR, summary = "other");
    });
    let queries = queries.as_array().unwrap();
    assert_eq!(queries.len(), 3);
    for query in queries {
        assert_eq!(query["name"], "shop@db.internal");
        assert!(query.get("metadata").is_none());
        assert_eq!(times(query), (60.0, 60.0));
    }
    let text = |index: usize| &queries[index]["sql"]["sanitized_query"];
    assert_eq!([text(0), text(1), text(2)], [&json!(null), &json!(null), &json!("a")]);
}

#[test]
fn long_and_unfinished_statements_are_bounded() {
    let long = format!("SELECT {} 'secret", "name, ".repeat(200_000));
    assert!(long.len() > 1_000_000);
    let queries = recorded(layered(), || {
        over!(Level::DEBUG, "SELECT", &*long, 0.0);
        over!(Level::DEBUG, "SELECT …", "\n\nSELECT 'secret\n", 0.0);
    });
    let text = queries[0]["sql"]["sanitized_query"].as_str().unwrap();
    assert!(text.starts_with("SELECT name, name,") && text.chars().count() <= MAX_SQL);
    assert_eq!(queries[1]["sql"]["sanitized_query"], "SELECT ?");
}

#[test]
fn what_is_not_sampled_allocates_nothing() {
    let service = Service::new();
    let statement = format!("\n\nSELECT {}\n", "'private', ".repeat(1_000));
    let segment = service.xray.segment("orders").sampled(false).begin();
    let query = || over!(Level::DEBUG, "SELECT …", &*statement, 0.5);
    with_default(layered(), || {
        let _entered = segment.enter();
        query();
        let info = allocation_counter::measure(query);
        assert_eq!((info.count_total, info.bytes_total), (0, 0));
    });
    assert_eq!(recorded(layered(), query)[0]["name"], "shop@db.internal", "else it is recorded");
}

/// A log that is kept.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// What is recorded of one query beside a log, and what the log says.
fn beside(subscriber: impl FnOnce(Log) -> Box<dyn Subscriber + Send + Sync>) -> (usize, String) {
    let log = Log::default();
    let queries = recorded(subscriber(log.clone()), || {
        event!(Level::INFO, "served");
        sqlx_span(&shop()).in_scope(|| over!(Level::DEBUG, "SELECT 7", "", 0.0));
    });
    let names = queries.as_array().into_iter().flatten().map(|query| &query["name"]);
    assert!(names.into_iter().all(|name| name == "shop@db.internal"));
    (queries.as_array().map_or(0, Vec::len), log.text())
}

#[test]
fn the_filter_of_a_layer_beside_it_does_not_matter() {
    for (filter, logged) in [("info", 1), ("off", 0), ("info,sqlx::query=debug", 2)] {
        let (recorded, log) = beside(|log| {
            let lines = tracing_subscriber::fmt::layer().with_writer(log);
            let lines = lines.with_filter(EnvFilter::new(filter));
            Box::new(Registry::default().with(lines).with(SqlxLayer::new(shop())))
        });
        assert_eq!((recorded, log.lines().count()), (1, logged), "{filter}: {log}");
    }
}

#[test]
fn a_filter_around_all_needs_the_line() {
    for (filter, expected) in [("info", 0), ("info,sqlx::query=debug", 1), ("debug", 1)] {
        let (recorded, log) = beside(|log| {
            let lines = tracing_subscriber::fmt::layer().with_writer(log);
            let all = Registry::default().with(EnvFilter::new(filter));
            Box::new(all.with(lines).with(SqlxLayer::new(SqlTarget::named("default"))))
        });
        assert_eq!(recorded, expected, "{filter}: {log}");
        assert!(log.contains("served"));
    }
}

#[test]
fn a_subscriber_that_filters_by_itself_takes_the_bare_layer() {
    for (filter, expected) in [("info", 0), ("info,sqlx::query=debug", 1)] {
        let (recorded, log) = beside(|log| {
            let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(log);
            Box::new(lines.finish().with(SqlxLayer::without_filter(shop())))
        });
        assert_eq!((recorded, log.lines().count()), (expected, 1 + expected), "{filter}: {log}");
    }
}

#[test]
fn another_database_is_told_by_a_span() {
    let reports = || SqlTarget::from_url("mysql://app:secret@db.internal/reports").unwrap();
    let archive = || SqlTarget::named("archive@tapes").database_type("Oracle");
    let query = || over!(Level::DEBUG, "SELECT 1", "", 0.0);
    let beside = tracing_subscriber::fmt::layer().with_writer(io::sink);
    let subscriber = Registry::default().with(beside).with(SqlxLayer::new(shop()));
    let queries = recorded(subscriber, || {
        query();
        let outside = info_span!("made outside");
        sqlx_span(&reports()).in_scope(|| {
            query();
            sqlx_span(&archive()).in_scope(query);
            info_span!("of the program").in_scope(query);
            outside.in_scope(query);
            info_span!(parent: None, "of nobody").in_scope(query);
        });
        query();
    });
    let names: Vec<_> = queries.as_array().unwrap().iter().map(|query| &query["name"]).collect();
    let [shop, reports] = ["shop@db.internal", "reports@db.internal"];
    assert_eq!(names, [shop, reports, "archive@tapes", reports, reports, reports, shop]);
    assert_eq!(
        queries[1]["sql"],
        json!({
            "url": "mysql://app@db.internal/reports",
            "database_type": "MySQL",
            "user": "app",
            "sanitized_query": "SELECT ?",
        })
    );
}
