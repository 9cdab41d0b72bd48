//! What is recorded of queries and connection strings: a table for each dialect, connections, bad
//! input, and random queries whose literals are known.

use xray_core::sql::{Dialect, sanitize};

mod connections;
mod generic;
mod hostile;
mod mssql;
mod mysql;
mod postgresql;
mod properties;
mod sqlite;

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
