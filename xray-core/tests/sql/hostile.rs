//! Input that is no query, or no end of one.

use xray_core::{
    document::MAX_SQL,
    sql::{Dialect, MAX_SCAN, sanitize},
};

use crate::{DIALECTS, reads};

#[test]
fn what_does_not_end_leaks_nothing() {
    for dialect in DIALECTS {
        reads(
            dialect,
            &[
                ("SELECT 'secret", "SELECT ?"),
                ("SELECT a, 'it''s secret''", "SELECT a, ?"),
                ("SELECT a /* secret", "SELECT a"),
                ("SELECT a -- secret", "SELECT a"),
                ("SELECT \"secret", "SELECT ?"),
                ("SELECT N'secret", "SELECT ?"),
                ("WHERE a IN (1, 2, 'secret", "WHERE a IN (?"),
                ("WHERE a IN (1, 2", "WHERE a IN (?"),
                ("INSERT INTO t VALUES (1, 2), (3, 'secret", "INSERT INTO t VALUES (?, ?), (?, ?"),
                ("SELECT 1.5e", "SELECT ?"),
                ("SELECT 0x", "SELECT ?"),
            ],
        );
    }
    reads(
        Dialect::PostgreSql,
        &[("SELECT $a$ secret $b$", "SELECT ?"), (r"SELECT E'secret\", "SELECT ?")],
    );
    reads(Dialect::MySql, &[(r"SELECT 'secret\", "SELECT ?"), ("SELECT `secret", "SELECT ?")]);
    reads(Dialect::MsSql, &[("SELECT [secret", "SELECT ?")]);
    reads(Dialect::Generic, &[("/* a /* b */ secret", "")]);
}

#[test]
fn a_long_query_is_cut_between_words() {
    let query = format!("SELECT {} FROM t", vec!["größe"; 5000].join(", "));
    for dialect in DIALECTS {
        let clean = sanitize(&query, dialect);
        assert!(clean.chars().count() <= MAX_SQL);
        assert!(clean.chars().count() > MAX_SQL - 10);
        assert!(clean.ends_with("größe") || clean.ends_with(','), "{clean}");
        assert_eq!(sanitize(&clean, dialect), clean);
    }
}

#[test]
fn a_long_list_is_folded_before_it_is_cut() {
    let list = vec!["'secret'"; 4000].join(", ");
    let query = format!("SELECT a FROM t WHERE b IN ({list}) AND c = 1");
    assert!(query.len() < MAX_SCAN);
    let rows = vec!["(1, 'secret')"; 4000].join(", ");
    let insert = format!("INSERT INTO t VALUES {rows} RETURNING id");
    for dialect in DIALECTS {
        assert_eq!(sanitize(&query, dialect), "SELECT a FROM t WHERE b IN (?) AND c = ?");
        assert_eq!(sanitize(&insert, dialect), "INSERT INTO t VALUES (?, ?) RETURNING id");
    }
}

#[test]
fn what_lies_beyond_the_scan_is_not_recorded() {
    let list = vec!["'secret'"; 1_000_000].join(", ");
    let query = format!("SELECT a FROM t WHERE b IN ({list}) AND c = 1");
    for dialect in DIALECTS {
        let clean = sanitize(&query, dialect);
        assert!(clean.starts_with("SELECT a FROM t WHERE b IN (?"), "{clean}");
        assert!(clean.len() < 40, "{clean}");
    }
}

#[test]
fn depth_costs_nothing() {
    for part in
        ["(", "IN (", "VALUES (", "/*", "[", "((1),", "IN (1, ", "$a$", "E'", "N'", "`", "'"]
    {
        let query = part.repeat(MAX_SCAN);
        for dialect in DIALECTS {
            assert!(sanitize(&query, dialect).chars().count() <= MAX_SQL);
        }
    }
}

#[test]
fn control_characters_and_odd_letters() {
    for dialect in DIALECTS {
        reads(
            dialect,
            &[
                ("SELECT\u{0}'a'", "SELECT\u{0}?"),
                ("SELECT 😀1, '😀'", "SELECT 😀?, ?"),
                ("SELECT\u{2003}1", "SELECT ?"),
                ("\u{feff}SELECT 1", "\u{feff}SELECT ?"),
            ],
        );
    }
}
