use std::borrow::Cow;

use xray_core::sql::{Dialect, sanitize};

use crate::{DIALECTS, reads};

/// These read the same in every dialect.
const EVERYWHERE: &[(&str, &str)] = &[
    ("SELECT 1", "SELECT ?"),
    ("SELECT * FROM t WHERE a = 'x'", "SELECT * FROM t WHERE a = ?"),
    ("SELECT * FROM t WHERE a='it''s' AND b=2", "SELECT * FROM t WHERE a=? AND b=?"),
    ("SELECT ''", "SELECT ?"),
    ("SELECT ''''", "SELECT ?"),
    ("select a,b from t where c>1.5", "select a,b from t where c>?"),
    ("SELECT 1e10, 1E-10, 1.5e+3, .5, 5., 1_000", "SELECT ?, ?, ?, ?, ?, ?"),
    ("SELECT 0x1F, 0XdeadBEEF", "SELECT ?, ?"),
    ("SELECT x'41', X'4F'", "SELECT ?, ?"),
    ("SELECT N'naïve'", "SELECT ?"),
    ("WHERE a = -5 AND b - 5 > +1", "WHERE a = -? AND b - ? > +?"),
    ("SELECT 1-1, 2+-3", "SELECT ?-?, ?+-?"),
    ("WHERE t1.c2 = t3.c4", "WHERE t1.c2 = t3.c4"),
    ("SELECT col_1, tbl2.x FROM tbl2", "SELECT col_1, tbl2.x FROM tbl2"),
    ("WHERE a IS NULL AND b = TRUE OR c = false", "WHERE a IS NULL AND b = TRUE OR c = false"),
    ("WHERE id IN (1,2,3)", "WHERE id IN (?)"),
    ("WHERE id IN (1, 2, 3) AND x = 4", "WHERE id IN (?) AND x = ?"),
    ("WHERE id in ( 'a' , 'b' )", "WHERE id in ( ? )"),
    ("WHERE id NOT IN(1,2)", "WHERE id NOT IN(?)"),
    ("WHERE id IN (1)", "WHERE id IN (?)"),
    ("WHERE id IN (-1, +2, 3)", "WHERE id IN (?)"),
    ("WHERE id IN (1, NULL, 2, 3)", "WHERE id IN (?, NULL, ?)"),
    ("WHERE id IN (?, ?, ?)", "WHERE id IN (?, ?, ?)"),
    ("WHERE id IN (a, b, 1, 2)", "WHERE id IN (a, b, ?)"),
    ("WHERE (a, b) IN ((1, 2), (3, 4))", "WHERE (a, b) IN ((?, ?))"),
    ("WHERE d IN (DATE '2020-01-01', DATE '2020-01-02')", "WHERE d IN (DATE ?)"),
    ("WHERE id IN (SELECT a FROM t WHERE b = 1)", "WHERE id IN (SELECT a FROM t WHERE b = ?)"),
    (
        "WHERE id IN (SELECT a FROM t WHERE b IN (1, 2) AND c = 3) AND d = 4",
        "WHERE id IN (SELECT a FROM t WHERE b IN (?) AND c = ?) AND d = ?",
    ),
    ("INSERT INTO t VALUES (1, 'a')", "INSERT INTO t VALUES (?, ?)"),
    ("INSERT INTO t (a, b) VALUES (1,2),(3,4),(5,6)", "INSERT INTO t (a, b) VALUES (?,?)"),
    (
        "INSERT INTO t VALUES (1, now(), -2), (-3, now(), 4) RETURNING id",
        "INSERT INTO t VALUES (?, now(), ?) RETURNING id",
    ),
    (
        "INSERT INTO t VALUES (1, 2), (3, NULL), (4, 5)",
        "INSERT INTO t VALUES (?, ?), (?, NULL), (?, ?)",
    ),
    ("INSERT INTO t VALUES (?, ?), (?, ?)", "INSERT INTO t VALUES (?, ?), (?, ?)"),
    ("INSERT INTO t VALUES (1); SELECT 2", "INSERT INTO t VALUES (?); SELECT ?"),
    ("UPDATE t SET a = 'x', b = b + 1 WHERE id = ?", "UPDATE t SET a = ?, b = b + ? WHERE id = ?"),
    ("DELETE FROM t WHERE a BETWEEN 1 AND 2", "DELETE FROM t WHERE a BETWEEN ? AND ?"),
    ("SELECT f(-1, 'a', g(2))", "SELECT f(-?, ?, g(?))"),
    ("SELECT a FROM t LIMIT 10 OFFSET 20", "SELECT a FROM t LIMIT ? OFFSET ?"),
    ("SELECT a /* 42 */ FROM t", "SELECT a FROM t"),
    ("SELECT a/**/FROM t", "SELECT a FROM t"),
    ("/* app */ SELECT 1 -- done", "SELECT ?"),
    ("SELECT a -- first 'quote\nFROM t WHERE b = 'x'", "SELECT a FROM t WHERE b = ?"),
    ("SELECT a - -1", "SELECT a - -?"),
    ("SELECT '-- no comment', '/* none */'", "SELECT ?, ?"),
    ("  SELECT\n\t a ,\r\n  b \n", "SELECT a , b"),
    ("CASE WHEN a THEN 'x' ELSE 'y' END", "CASE WHEN a THEN ? ELSE ? END"),
    ("SELECT naïve, 名前1 FROM größe", "SELECT naïve, 名前1 FROM größe"),
    ("SELECT a\u{a0}=\u{a0}5", "SELECT a = ?"),
    ("", ""),
    ("   ", ""),
    (";", ";"),
];

const GENERIC: &[(&str, &str)] = &[
    (r#"SELECT "a name", "it""s" FROM t"#, r#"SELECT "a name", "it""s" FROM t"#),
    ("SELECT `a``1` FROM t", "SELECT `a``1` FROM t"),
    (r"SELECT 'C:\' , a", "SELECT ? , a"),
    (r"SELECT E'it\'s', e'\\' , a", "SELECT ?, ? , a"),
    ("SELECT /* a /* nested 1 */ still */ 2", "SELECT ?"),
    (
        "WHERE a = $1 AND b = ?2 AND c = :n AND d = @p",
        "WHERE a = $1 AND b = ?2 AND c = :n AND d = @p",
    ),
    ("WHERE a = :1", "WHERE a = :1"),
    ("SELECT '5'::int, a[1:2]", "SELECT ?::int, a[?:?]"),
    ("SELECT $$it's$$, $a$ $b$ $a$", "SELECT ?, ?"),
    ("WHERE a IN ($1, $2)", "WHERE a IN ($1, $2)"),
    ("SELECT a # b", "SELECT a # b"),
    ("SELECT v$instance, a$1 FROM v$x", "SELECT v$instance, a$1 FROM v$x"),
    ("SELECT 1..10, 12abc", "SELECT ?, ?"),
    ("SELECT a.5, t.1", "SELECT a.?, t.?"),
];

#[test]
fn what_all_dialects_share() {
    for dialect in DIALECTS {
        reads(dialect, EVERYWHERE);
    }
}

#[test]
fn a_query_of_no_known_dialect() {
    reads(Dialect::Generic, GENERIC);
}

#[test]
fn a_clean_query_is_not_copied() {
    for query in ["SELECT a FROM t WHERE b = ? AND c IN (?, ?)", "", "SELECT \"a  b\" FROM t;"] {
        assert!(matches!(sanitize(query, Dialect::Generic), Cow::Borrowed(_)), "{query}");
    }
}

#[test]
fn dialects_by_database_type() {
    for (word, dialect) in [
        ("PostgreSQL", Dialect::PostgreSql),
        ("Postgres", Dialect::PostgreSql),
        ("Aurora PostgreSQL", Dialect::PostgreSql),
        ("mysql", Dialect::MySql),
        ("MariaDB", Dialect::MySql),
        ("SQLite", Dialect::Sqlite),
        ("sqlite3", Dialect::Sqlite),
        ("MSSQL", Dialect::MsSql),
        ("MS SQL", Dialect::MsSql),
        ("Microsoft SQL Server", Dialect::MsSql),
        ("", Dialect::Generic),
        ("Oracle", Dialect::Generic),
    ] {
        assert_eq!(Dialect::of_database(word), dialect, "{word}");
    }
}
