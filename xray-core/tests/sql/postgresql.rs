use xray_core::sql::Dialect;

use crate::reads;

const CASES: &[(&str, &str)] = &[
    ("SELECT $$secret$$", "SELECT ?"),
    ("SELECT $tag$it's $$ here$tag$ AS a", "SELECT ? AS a"),
    ("SELECT $a$ $b$ 1 $b$ $a$, 2", "SELECT ?, ?"),
    ("SELECT $été$ x $été$", "SELECT ?"),
    ("WHERE a = $1 AND b = $23", "WHERE a = $1 AND b = $23"),
    ("WHERE a = $1::int4 AND b = '1'::text", "WHERE a = $1::int4 AND b = ?::text"),
    (r"SELECT E'it\'s' || e'a\\'", "SELECT ? || ?"),
    (r"SELECT 'C:\' || a", "SELECT ? || a"),
    // The second part of a string has the escapes of the first.
    ("SELECT E'a\\'b'\n  'c\\'d', e", "SELECT ? ?, e"),
    ("SELECT E'a' -- note\n 'c\\'d', e", "SELECT ? ?, e"),
    (r"SELECT U&'d\0061t', u&'x' UESCAPE '!'", "SELECT ?, ? UESCAPE ?"),
    (r#"SELECT U&"d\0061t" FROM t"#, r#"SELECT U&"d\0061t" FROM t"#),
    ("SELECT B'1010', x'1F'", "SELECT ?, ?"),
    (r#"SELECT "a'b", "c""d" FROM "T 1""#, r#"SELECT "a'b", "c""d" FROM "T 1""#),
    ("SELECT /* a /* b */ 'c' */ d", "SELECT d"),
    ("WHERE doc ->> 'key' = 'v' AND doc ? 'k'", "WHERE doc ->> ? = ? AND doc ? ?"),
    ("WHERE doc @> '{\"a\":1}'::jsonb", "WHERE doc @> ?::jsonb"),
    ("WHERE doc #>> '{a,b}' = 'x'", "WHERE doc #>> ? = ?"),
    ("SELECT a[1], b[2:3], c[i:4]", "SELECT a[?], b[?:?], c[i:?]"),
    ("SELECT @ -5, @5, |/ 25.0, !!3", "SELECT @ -?, @?, |/ ?, !!?"),
    ("WHERE id = ANY('{1,2}'::int[])", "WHERE id = ANY(?::int[])"),
    ("WHERE id = ANY(ARRAY[1, 2])", "WHERE id = ANY(ARRAY[?, ?])"),
    ("SELECT INTERVAL '1 day', TIMESTAMP '2020-01-01'", "SELECT INTERVAL ?, TIMESTAMP ?"),
    ("SELECT 0b101, 0o17, 0x1f, 1_500_000", "SELECT ?, ?, ?, ?"),
    ("WHERE a ~ '^x' AND b !~* 'y'", "WHERE a ~ ? AND b !~* ?"),
    (
        "INSERT INTO t VALUES (1, 'a'), (2, 'b') ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n + 1",
        "INSERT INTO t VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n + ?",
    ),
    (
        "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v (x, y) WHERE x = 3",
        "SELECT * FROM (VALUES (?, ?)) AS v (x, y) WHERE x = ?",
    ),
    (
        "CREATE FUNCTION f() RETURNS int AS $body$ SELECT 'secret' $body$ LANGUAGE sql",
        "CREATE FUNCTION f() RETURNS int AS ? LANGUAGE sql",
    ),
    ("ALTER USER bob PASSWORD 'hunter2'", "ALTER USER bob PASSWORD ?"),
    ("SELECT a -- 1\rFROM t", "SELECT a FROM t"),
    ("SELECT :name, :n1", "SELECT :name, :n1"),
    ("SELECT a$1$b FROM t", "SELECT a$1$b FROM t"),
];

#[test]
fn postgresql() {
    reads(Dialect::PostgreSql, CASES);
}
