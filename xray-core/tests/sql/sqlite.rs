use xray_core::sql::Dialect;

use crate::reads;

const CASES: &[(&str, &str)] = &[
    ("SELECT x'00ff', X'AB'", "SELECT ?, ?"),
    ("SELECT [a name], [it's] FROM [t 1]", "SELECT [a name], [it's] FROM [t 1]"),
    ("SELECT `a'b` FROM `t`", "SELECT `a'b` FROM `t`"),
    (r#"SELECT "a'b" FROM "t""#, r#"SELECT "a'b" FROM "t""#),
    (r"SELECT 'C:\', a", "SELECT ?, a"),
    ("WHERE a = ?1 AND b = ?22 AND c = ?", "WHERE a = ?1 AND b = ?22 AND c = ?"),
    ("WHERE a = :a AND b = @b AND c = $c", "WHERE a = :a AND b = @b AND c = $c"),
    ("WHERE a = :1 AND b = @2 AND c = $3", "WHERE a = :1 AND b = @2 AND c = $3"),
    ("SELECT /* a /* b */ 1", "SELECT ?"),
    ("SELECT a -- b\rstill 'c\nFROM t", "SELECT a FROM t"),
    ("SELECT 5--3\n, 4", "SELECT ? , ?"),
    ("SELECT 0xff, 1e3, .5", "SELECT ?, ?, ?"),
    ("WHERE a GLOB '*x*' OR b LIKE '%y' ESCAPE '!'", "WHERE a GLOB ? OR b LIKE ? ESCAPE ?"),
    ("WHERE doc ->> '$.a' = 1", "WHERE doc ->> ? = ?"),
    ("PRAGMA busy_timeout = 5000", "PRAGMA busy_timeout = ?"),
    ("PRAGMA key = 'secret'", "PRAGMA key = ?"),
    ("PRAGMA table_info('orders')", "PRAGMA table_info(?)"),
    ("ATTACH 'file.db' AS aux KEY 'secret'", "ATTACH ? AS aux KEY ?"),
    (
        "INSERT OR REPLACE INTO t VALUES (1,x'00'),(2,x'01')",
        "INSERT OR REPLACE INTO t VALUES (?,?)",
    ),
    ("VALUES (1, 2), (3, 4) ORDER BY 1", "VALUES (?, ?) ORDER BY ?"),
    ("SELECT 'a' || 'b' || c", "SELECT ? || ? || c"),
    ("SELECT CAST('1' AS INTEGER)", "SELECT CAST(? AS INTEGER)"),
    ("WHERE a IS NOT 1 AND b ISNULL", "WHERE a IS NOT ? AND b ISNULL"),
    ("SELECT strftime('%s', 'now') - 60", "SELECT strftime(?, ?) - ?"),
    ("SELECT a FROM t INDEXED BY i1 WHERE a = 1", "SELECT a FROM t INDEXED BY i1 WHERE a = ?"),
    (
        "SELECT rowid, * FROM t AS t2 WHERE rowid = 7",
        "SELECT rowid, * FROM t AS t2 WHERE rowid = ?",
    ),
];

#[test]
fn sqlite() {
    reads(Dialect::Sqlite, CASES);
}
