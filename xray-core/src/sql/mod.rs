//! Queries and connection strings without what must not be recorded.
//!
//! ```
//! use xray_core::{Namespace, Sql, Subsegment, sql};
//!
//! let query = "SELECT * FROM orders WHERE id IN (7, 8) AND note = 'private' -- by id";
//! let subsegment = Subsegment::begin("shop@db.internal");
//! subsegment.namespace(Namespace::Remote);
//! subsegment.sql(Sql {
//!     url: Some(sql::connection_url("postgres://app:secret@db.internal/shop?sslmode=require")),
//!     sanitized_query: Some(sql::sanitize(query, sql::Dialect::PostgreSql)),
//!     ..Sql::default()
//! });
//! ```

mod connection;
mod dialect;
mod fold;
mod host;
mod output;
mod place;
mod query;
mod scan;
mod target;

pub use connection::{connection_string, connection_url};
pub use dialect::Dialect;
pub use query::sql_subsegment;
pub use target::SqlTarget;

pub(crate) use host::host_of;

use std::borrow::Cow;

use fold::Writer;
use scan::Scanner;

/// Most bytes of a query that are looked at; what comes later is not recorded. Ours: sixteen times
/// what is recorded, so that a long list of values is folded and its statement is still seen whole.
pub const MAX_SCAN: usize = 64 * 1024;

/// The statement as it may be recorded: what it does, and none of the values it does it with.
///
/// - Each literal becomes `?`: strings, numbers, bit and hex strings. `NULL`, `TRUE`, `FALSE`, names
///   and parameters (`?`, `$1`, `:name`, `@p`) stay, and so does a sign before a number.
/// - Comments vanish, and white space becomes one space.
/// - In `IN (…)` and `VALUES (…), (…)`, values that read the same as the one before fold into one:
///   `IN (1, 2)` becomes `IN (?)`, `VALUES (1, 'a'), (2, 'b')` becomes `VALUES (?, ?)`.
/// - A string or a comment that does not end hides all that follows.
/// - At most [`MAX_SQL`](crate::document::MAX_SQL) characters come out, cut between two words, and at
///   most [`MAX_SCAN`] bytes are looked at, once.
///
/// A text that is clean already is not copied. Any input is good, and none makes it panic.
///
/// What is a string depends on the database, and on MySQL and SQLite on its settings as well: the
/// defaults are taken, so MySQL's `ANSI_QUOTES` and `NO_BACKSLASH_ESCAPES` are off, and `"…"` is a
/// name for SQLite, even where that would read it as a string for want of such a column.
///
/// ```
/// use xray_core::sql::{Dialect, sanitize};
///
/// let query = "SELECT name FROM users /* 42 */ WHERE mail = 'a@b.c' AND id IN (1, 2) LIMIT $1";
/// assert_eq!(
///     sanitize(query, Dialect::Generic),
///     "SELECT name FROM users WHERE mail = ? AND id IN (?) LIMIT $1",
/// );
/// assert_eq!(sanitize(r#"SELECT "it""s" -- x"#, Dialect::MySql), "SELECT ?");
/// ```
#[must_use]
pub fn sanitize(query: &str, dialect: Dialect) -> Cow<'_, str> {
    let end = (0..=query.len().min(MAX_SCAN)).rev().find(|&end| query.is_char_boundary(end));
    let query = query[..end.unwrap_or_default()].trim_start();
    let mut writer = Writer::new(query);
    for token in Scanner::new(query, dialect) {
        writer.write(token);
        if writer.is_full() {
            break;
        }
    }
    writer.finish()
}
