use xray_core::sql::Dialect;

use crate::reads;

const CASES: &[(&str, &str)] = &[
    ("SELECT N'it''s', n'x'", "SELECT ?, ?"),
    (
        "SELECT [a name], [it's], [x]]y] FROM [dbo].[t]",
        "SELECT [a name], [it's], [x]]y] FROM [dbo].[t]",
    ),
    (r#"SELECT "a'b" FROM "t""#, r#"SELECT "a'b" FROM "t""#),
    (r"SELECT 'C:\', a", "SELECT ?, a"),
    ("SELECT 0xDEADBEEF, 0x", "SELECT ?, ?"),
    ("SELECT $12.50, $5, $.5, -$3", "SELECT ?, ?, ?, -?"),
    ("SELECT £12.50, €5", "SELECT £?, €?"),
    ("WHERE a = @p1 AND b = @P2 AND c = @1", "WHERE a = @p1 AND b = @P2 AND c = @1"),
    ("SELECT @@ROWCOUNT, @@IDENTITY", "SELECT @@ROWCOUNT, @@IDENTITY"),
    ("SELECT * FROM #tmp1 JOIN ##all2 ON a = 1", "SELECT * FROM #tmp1 JOIN ##all2 ON a = ?"),
    ("SELECT TOP 10 a FROM t", "SELECT TOP ? a FROM t"),
    (
        "SELECT TOP (10) PERCENT a FROM t WITH (NOLOCK)",
        "SELECT TOP (?) PERCENT a FROM t WITH (NOLOCK)",
    ),
    ("SELECT /* a /* b */ 'c' */ d", "SELECT d"),
    ("SELECT a -- b\nFROM t", "SELECT a FROM t"),
    ("MERGE t USING s ON 1 = 1 OUTPUT $action;", "MERGE t USING s ON ? = ? OUTPUT $action;"),
    ("SELECT $IDENTITY, $ROWGUID FROM t", "SELECT $IDENTITY, $ROWGUID FROM t"),
    ("SELECT CONVERT(varchar(10), a, 120)", "SELECT CONVERT(varchar(?), a, ?)"),
    ("EXEC sp_executesql N'SELECT 1', N'@a int', @a = 5", "EXEC sp_executesql ?, ?, @a = ?"),
    ("DECLARE @t TABLE (a int); SET @x = 'y'", "DECLARE @t TABLE (a int); SET @x = ?"),
    ("INSERT t VALUES (1, N'a'), (2, N'b')", "INSERT t VALUES (?, ?)"),
    ("CREATE LOGIN bob WITH PASSWORD = 'hunter2'", "CREATE LOGIN bob WITH PASSWORD = ?"),
    ("CREATE LOGIN bob WITH PASSWORD = 0x02AB HASHED", "CREATE LOGIN bob WITH PASSWORD = ? HASHED"),
    (
        "SELECT a FROM t ORDER BY a OFFSET 5 ROWS FETCH NEXT 10 ROWS ONLY",
        "SELECT a FROM t ORDER BY a OFFSET ? ROWS FETCH NEXT ? ROWS ONLY",
    ),
    ("SELECT {fn NOW()}, {d '2020-01-01'}", "SELECT {fn NOW()}, {d ?}"),
    ("SELECT 1.5e-3, .5E2, 1.", "SELECT ?, ?, ?"),
    ("WHERE a LIKE N'%[0-9]%' ESCAPE '!'", "WHERE a LIKE ? ESCAPE ?"),
    ("SELECT geometry::Point(1, 2, 0)", "SELECT geometry::Point(?, ?, ?)"),
    ("WAITFOR DELAY '00:00:05'", "WAITFOR DELAY ?"),
];

#[test]
fn mssql() {
    reads(Dialect::MsSql, CASES);
}
