//! What is recorded of queries and connection strings: a table for each dialect, connections, bad
//! input, random queries whose literals are known, and the subsegments that all of that gets into.

use serde_json::Value;
use xray_core::{
    Delivery, Recorder, RecorderBuilder,
    sample::LocalRules,
    sql::{Dialect, sanitize},
    testing::MemoryEmitter,
};

mod connections;
mod generic;
mod hostile;
mod mssql;
mod mysql;
mod postgresql;
mod properties;
mod queries;
mod sqlite;
mod targets;

const DIALECTS: [Dialect; 5] =
    [Dialect::Generic, Dialect::PostgreSql, Dialect::MySql, Dialect::Sqlite, Dialect::MsSql];

/// Each query reads as it should, and what it reads as stays as it is.
#[track_caller]
fn reads(dialect: Dialect, cases: &[(&str, &str)]) {
    for (query, expected) in cases {
        let clean = sanitize(query, dialect);
        assert_eq!(clean, *expected, "{dialect:?}: {query}");
        assert_eq!(sanitize(&clean, dialect), *expected, "{dialect:?}, twice: {query}");
    }
}

fn recorder(memory: &MemoryEmitter) -> RecorderBuilder {
    Recorder::builder("orders")
        .emitter(memory.clone())
        .delivery(Delivery::Inline)
        .sampling_rules(LocalRules::everything())
}

/// The only subsegment, without what differs from run to run.
#[track_caller]
fn subsegment(memory: &MemoryEmitter) -> Value {
    let documents = memory.take();
    let [segment] = &documents[..] else { panic!("{documents:?}") };
    let mut subsegment = segment["subsegments"][0].clone();
    for key in ["id", "start_time", "end_time"] {
        subsegment.as_object_mut().unwrap().remove(key).unwrap();
    }
    subsegment
}
