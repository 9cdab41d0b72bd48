//! How a database is called and what is told of it, by what its drivers connect with.

use rand::{SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};
use xray_core::{sql::SqlTarget, testing::MemoryEmitter};

use super::{recorder, subsegment};

/// The URL, the name, the user, the type.
type Case = (&'static str, &'static str, Option<&'static str>, &'static str);

const POSTGRESQL: &str = "PostgreSQL";

const URLS: &[Case] = &[
    ("postgres://user:secret@db.internal:5432/shop", "shop@db.internal", Some("user"), POSTGRESQL),
    ("postgresql://db.internal/shop?sslmode=require", "shop@db.internal", None, POSTGRESQL),
    ("POSTGRES://u@db/shop", "shop@db", Some("u"), POSTGRESQL),
    ("  postgres://u@db/shop\n", "shop@db", Some("u"), POSTGRESQL),
    // What may be left out.
    ("postgres://", "database@localhost", None, POSTGRESQL),
    ("postgres://app@db", "app@db", Some("app"), POSTGRESQL),
    ("postgres://app@db/", "app@db", Some("app"), POSTGRESQL),
    ("postgres:///shop", "shop@localhost", None, POSTGRESQL),
    ("mysql://app:secret@db", "database@db", Some("app"), "MySQL"),
    ("mysql:///shop", "shop@localhost", None, "MySQL"),
    // What stands elsewhere.
    ("postgres:///shop?host=/run/postgresql&password=secret", "shop@localhost", None, POSTGRESQL),
    ("postgres:///?host=db&dbname=shop&user=app", "shop@db", Some("app"), POSTGRESQL),
    ("postgres://%2Frun%2Fpostgresql/shop", "shop@localhost", None, POSTGRESQL),
    ("postgres://app:secret@/shop?host=/run", "shop@localhost", Some("app"), POSTGRESQL),
    ("postgres://db/shop?host=other", "shop@db", None, POSTGRESQL),
    ("mysql://app@db:3306/shop?ssl-mode=REQUIRED", "shop@db", Some("app"), "MySQL"),
    ("mariadb://app@db/shop", "shop@db", Some("app"), "MySQL"),
    ("mssql://sa:secret@db:1433/shop", "shop@db", Some("sa"), "MSSQL"),
    ("sqlserver://db/shop", "shop@db", None, "MSSQL"),
    (
        "jdbc:sqlserver://db:1433;databaseName=shop;user=sa;password=secret",
        "shop@db",
        Some("sa"),
        "MSSQL",
    ),
    ("jdbc:postgresql://db:5432/shop?user=app&password=secret", "shop@db", Some("app"), POSTGRESQL),
    ("postgres://db-1:5432,db-2:5432/shop", "shop@db-1", None, POSTGRESQL),
    ("postgres://u@[2001:db8::1]:5432/shop", "shop@2001:db8::1", Some("u"), POSTGRESQL),
    // Percent-encoding, also of what is no UTF-8.
    ("postgres://a%40b:secret@db/my%20shop", "my shop@db", Some("a@b"), POSTGRESQL),
    ("postgres://db/%ff%FEshop%", "\u{fffd}\u{fffd}shop%@db", None, POSTGRESQL),
    // Passwords that should have been encoded.
    ("postgres://u:secret@x@db/shop", "shop@db", Some("u"), POSTGRESQL),
    ("postgres://u:secret/x@db/shop", "shop@db", Some("u"), POSTGRESQL),
    ("postgres://u:secret?host=x@db/shop", "shop@db", Some("u"), POSTGRESQL),
    ("postgres://u:secret?host=x@/shop", "shop@localhost", Some("u"), POSTGRESQL),
    ("postgres://u:secret;database=x@db/shop", "shop@db", Some("u"), POSTGRESQL),
    ("sqlite::memory:", "sqlite@memory", None, "SQLite"),
    ("sqlite://:memory:", "sqlite@memory", None, "SQLite"),
    ("sqlite:", "sqlite@memory", None, "SQLite"),
    ("sqlite://data/shop.db?mode=rwc", "sqlite@shop", None, "SQLite"),
    ("sqlite:///var/lib/shop.v2.sqlite3", "sqlite@shop.v2", None, "SQLite"),
    ("sqlite:shop", "sqlite@shop", None, "SQLite"),
    ("sqlite:.hidden", "sqlite@.hidden", None, "SQLite"),
    (r"sqlite:C:\data\shop.db", "sqlite@shop", None, "SQLite"),
    ("file:my%20shop.db?key=secret", "sqlite@my shop", None, "SQLite"),
    ("clickhouse://app:secret@db:9000/shop", "shop@db", Some("app"), "clickhouse"),
    ("cockroachdb://app@db:26257/shop", "shop@db", Some("app"), "cockroachdb"),
];

const STRINGS: &[(&str, &str, Option<&str>)] = &[
    ("host=db.internal user=app password=secret dbname=shop", "shop@db.internal", Some("app")),
    ("user=app password=secret", "app@localhost", Some("app")),
    ("host=/run/postgresql dbname=shop", "shop@localhost", None),
    ("hostaddr=10.0.0.1 host=db dbname=shop", "shop@db", None),
    ("host=db hostaddr=10.0.0.1 dbname=shop", "shop@db", None),
    ("hostaddr=10.0.0.1 dbname=shop", "shop@10.0.0.1", None),
    ("host=db-1,db-2 dbname='my shop'", "my shop@db-1", None),
    (r"Server=tcp:db,1433;Database=shop;User Id=sa;Password={se;cret}}}", "shop@db", Some("sa")),
    (
        r"Data Source=.\SQLEXPRESS;Initial Catalog=shop;Integrated Security=true",
        "shop@localhost",
        None,
    ),
    (r"Server=db\SQLEXPRESS;Database=shop;UID=sa;PWD=secret", "shop@db", Some("sa")),
    ("Server=(local);Database=\"my shop\"", "my shop@localhost", None),
    ("Data Source=app:secret@db;Pooling=true", "database@app@db", None),
];

/// What a subsegment of the target says, apart from its times and ids.
fn recorded(target: &SqlTarget) -> Value {
    let memory = MemoryEmitter::new();
    let xray = recorder(&memory).build().unwrap();
    let segment = xray.begin_segment("orders");
    let query = segment.subsegment(target.name());
    target.describe(&query, "SELECT 'private'");
    drop((query, segment));
    subsegment(&memory)
}

#[test]
fn urls() {
    for (url, name, user, database_type) in URLS {
        let target = SqlTarget::from_url(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(target.name(), *name, "{url}");
        let document = recorded(&target);
        assert_eq!(document["sql"]["user"], json!(user), "{url}");
        assert_eq!(document["sql"]["database_type"], json!(database_type), "{url}");
        assert!(!format!("{document} {target:?}").contains("secret"), "{url}: {document}");
    }
}

#[test]
fn connection_strings() {
    for (text, name, user) in STRINGS {
        let target = SqlTarget::from_connection_string(text).unwrap();
        assert_eq!(target.name(), *name, "{text}");
        let document = recorded(&target);
        assert_eq!(document["sql"]["user"], json!(user), "{text}");
        assert!(!format!("{document} {target:?}").contains("cret"), "{text}: {document}");
    }
}

#[test]
fn what_is_no_url_is_told_so_without_the_text() {
    let told =
        "give it as scheme://user@host:port/database, or name the database with SqlTarget::named";
    for (url, what) in [
        ("", "is empty"),
        (" ", "is empty"),
        ("secret", "has no scheme"),
        ("app:secret@db/shop", "has no scheme"),
        ("://secret", "has no scheme"),
        ("1://secret", "has no scheme"),
        ("a b://secret", "has no scheme"),
        ("oracle:///secret", "has no host"),
        ("oracle://", "has no host"),
        ("postgres://u:secret@db:port/shop", "has a port that is no number up to 65535"),
        ("postgres://u:secret@db:65536/shop", "has a port that is no number up to 65535"),
        ("postgres://u:secret@[::1/shop", "has a [ without ]"),
    ] {
        let error = SqlTarget::from_url(url).expect_err(url);
        assert!(error.is_config());
        assert_eq!(error.to_string(), format!("database URL {what}: {told}"), "{url}");
    }
    let error = SqlTarget::from_connection_string("postgres://u:secret@db/shop").unwrap_err();
    assert_eq!(
        error.to_string(),
        "connection string has no key=value pairs: give it as host=… dbname=… user=…, \
         or a URL to SqlTarget::from_url"
    );
}

#[test]
fn everything_that_is_told_is_recorded() {
    let shop = SqlTarget::from_url("postgres://app:secret@db.internal:5432/shop?sslmode=require")
        .unwrap()
        .database_version("15.8")
        .driver_version("tokio-postgres 0.7");
    assert_eq!(
        recorded(&shop),
        json!({
            "name": "shop@db.internal",
            "namespace": "remote",
            "sql": {
                "url": "postgres://app@db.internal:5432/shop",
                "database_type": "PostgreSQL",
                "database_version": "15.8",
                "driver_version": "tokio-postgres 0.7",
                "user": "app",
            },
        })
    );
    let archive = "Server=db;Database=archive;User Id=sa;Password=secret;Encrypt=true";
    let archive = SqlTarget::from_connection_string(archive).unwrap().database_type("MSSQL");
    assert_eq!(
        recorded(&archive),
        json!({
            "name": "archive@db",
            "namespace": "remote",
            "sql": {
                "connection_string": "Server=db;Database=archive;User Id=sa;Encrypt=true",
                "database_type": "MSSQL",
                "user": "sa",
            },
        })
    );
    let odd = SqlTarget::named("tapes@cellar").url("tape://u:secret@7").user("u");
    assert_eq!(
        recorded(&odd),
        json!({
            "name": "tapes@cellar",
            "namespace": "remote",
            "sql": {"url": "tape://u@7", "user": "u"},
        })
    );
    assert_eq!(recorded(&SqlTarget::named("?"))["name"], "orders", "as any name that is none");
}

#[test]
fn names_of_any_length_are_cut() {
    let long = "é".repeat(100_000);
    let target = SqlTarget::from_url(&format!("postgres://{long}/{long}")).unwrap();
    assert_eq!(recorded(&target)["name"], "é".repeat(200));
    assert_eq!(recorded(&SqlTarget::named(&long))["name"], "é".repeat(200));
}

#[test]
fn any_text_is_borne() {
    const PARTS: &[&str] = &[
        "postgres", "sqlite", "jdbc:", "://", ":", "/", "@", "?", "#", ";", "&", "=", "%", "%ff",
        "[", "]", ",", "host", "user", "dbname", "password", "{", "}", "'", "\"", "\\", " ", "é",
        "\u{0}", "7", "a", "tcp:",
    ];
    let mut random = StdRng::seed_from_u64(5);
    for round in 0..20_000 {
        let parts = (0..round % 24).map(|_| *PARTS.choose(&mut random).unwrap());
        let text: String = parts.collect();
        let targets = [SqlTarget::from_url(&text), SqlTarget::from_connection_string(&text)];
        for target in targets.into_iter().flatten() {
            assert!(target.name().contains('@'), "{text}: {target:?}");
        }
    }
}

/// Where a password stands where it should, its characters encoded as they should be, no part of it
/// is kept, whatever it is made of.
#[test]
fn no_part_of_a_password_is_kept() {
    const ENCODED: &[&str] = &[
        "x9",
        "%40",
        "%3A",
        "%2F",
        "%3F",
        "%23",
        "%5B",
        "%3Bdatabase%3D",
        "!",
        "$",
        "&",
        "=",
        "+",
        "host=",
    ];
    let mut random = StdRng::seed_from_u64(6);
    for round in 0..5_000 {
        let parts = (0..round % 8).map(|_| *ENCODED.choose(&mut random).unwrap());
        let password = format!("Zq{}qZ", parts.collect::<String>());
        for (url, name) in [
            (format!("postgres://app:{password}@db:5432/shop"), "shop@db"),
            (format!("mysql://app:{password}@db/shop?a=b"), "shop@db"),
            (format!("postgres://db/shop?user=app&password={password}"), "shop@db"),
            (
                format!("jdbc:sqlserver://db;user=app;password={password};databaseName=shop"),
                "shop@db",
            ),
        ] {
            let target = SqlTarget::from_url(&url).unwrap();
            assert_eq!(target.name(), name, "{url}");
            let kept = format!("{target:?}");
            assert!(!kept.contains("Zq") && !kept.contains("qZ"), "{url}: {kept}");
        }
    }
}
