use xray_core::sql::Dialect;

use crate::reads;

const CASES: &[(&str, &str)] = &[
    (r"SELECT 'it\'s', a", "SELECT ?, a"),
    (r"SELECT 'C:\\', a", "SELECT ?, a"),
    (r#"SELECT "a string", "it""s", "it\"s", b"#, "SELECT ?, ?, ?, b"),
    (r#"WHERE a = "it's" AND b = 'say "x"'"#, "WHERE a = ? AND b = ?"),
    ("SELECT `a name`, `it``s` FROM `t`.`u`", "SELECT `a name`, `it``s` FROM `t`.`u`"),
    (r"SELECT `a\`, 'b' FROM t", r"SELECT `a\`, ? FROM t"),
    ("SELECT a # it's secret\nFROM t", "SELECT a FROM t"),
    ("SELECT a -- it's secret\nFROM t", "SELECT a FROM t"),
    ("SELECT 5--3", "SELECT ?--?"),
    ("SELECT 5 --", "SELECT ?"),
    ("SELECT /* a /* b */ 1", "SELECT ?"),
    ("SELECT /*!40001 SQL_NO_CACHE */ * FROM t", "SELECT SQL_NO_CACHE * FROM t"),
    ("SELECT /*! STRAIGHT_JOIN */ a FROM t", "SELECT STRAIGHT_JOIN a FROM t"),
    ("SELECT 1 /*!80000 , '*/' , 2 */ FROM t", "SELECT ? , ? , ? FROM t"),
    ("/*!50001 SET a = /* why */ 'x' */;", "SET a = ? ;"),
    ("SELECT /*+ MAX_EXECUTION_TIME(1000) */ a", "SELECT a"),
    ("SELECT 2 */ 3", "SELECT ? */ ?"),
    ("SELECT 0xCAFE, X'CAFE', x'00', 0b01, b'01'", "SELECT ?, ?, ?, ?, ?"),
    ("SELECT _utf8mb4'x' COLLATE utf8mb4_bin", "SELECT _utf8mb4? COLLATE utf8mb4_bin"),
    (r"SELECT N'it\'s', n'x'", "SELECT ?, ?"),
    ("SELECT @a, @@session.sql_mode, @`b c`, @1", "SELECT @a, @@session.sql_mode, @`b c`, @1"),
    ("SET @a := 5, @'b' = 6", "SET @a := ?, @? = ?"),
    (r"SELECT \N, NULL", r"SELECT \N, NULL"),
    ("SELECT 'a' 'b', 'c'\n'd'", "SELECT ? ?, ? ?"),
    ("SELECT a FROM t LIMIT 5, 10", "SELECT a FROM t LIMIT ?, ?"),
    (
        "INSERT INTO t (a) VALUES (1), (2) ON DUPLICATE KEY UPDATE a = VALUES(a) + 1",
        "INSERT INTO t (a) VALUES (?) ON DUPLICATE KEY UPDATE a = VALUES(a) + ?",
    ),
    ("INSERT INTO t VALUES ROW(1, 2), ROW(3, 4)", "INSERT INTO t VALUES ROW(?, ?), ROW(?, ?)"),
    ("INSERT INTO t SET a = 'x', b = 2", "INSERT INTO t SET a = ?, b = ?"),
    ("WHERE a <=> NULL AND b && 1 XOR c", "WHERE a <=> NULL AND b && ? XOR c"),
    ("WHERE a -> '$.x' = 1 AND b ->> '$.y' = 2", "WHERE a -> ? = ? AND b ->> ? = ?"),
    ("SELECT DATE '2020-01-01', {ts '2020-01-01 00:00:00'}", "SELECT DATE ?, {ts ?}"),
    ("CREATE USER 'bob'@'%' IDENTIFIED BY 'hunter2'", "CREATE USER ?@? IDENTIFIED BY ?"),
    ("SELECT 9a FROM db.1st", "SELECT ? FROM db.?"),
];

#[test]
fn mysql() {
    reads(Dialect::MySql, CASES);
}
