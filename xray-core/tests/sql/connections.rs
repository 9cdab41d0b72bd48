use xray_core::sql::{connection_string, connection_url};

const URLS: &[(&str, &str)] = &[
    ("postgres://user@host:5432/database", "postgres://user@host:5432/database"),
    ("postgres://user:password@host:5432/database", "postgres://user@host:5432/database"),
    ("postgres://host:5432/database?password=password", "postgres://host:5432/database"),
    ("user:password@host:5432/database", "user@host:5432/database"),
    ("host:5432/database?password=password", "host:5432/database"),
    ("user%2Fpassword@host:5432/database", "user@host:5432/database"),
    ("user/password@host:5432/database", "user@host:5432/database"),
    ("oracle://user/password@host:1521/service", "oracle://user@host:1521/service"),
    ("mysql://u:p@h/db?ssl-mode=REQUIRED#x", "mysql://u@h/db"),
    ("mysql://u:p@[::1]:3306/db", "mysql://u@[::1]:3306/db"),
    ("mysql://[::1]:3306/db?x=a@b", "mysql://[::1]:3306/db"),
    ("redis://:secret@cache:6379/0", "redis://cache:6379/0"),
    ("mongodb://u:p@h1:1,h2:2/db?replicaSet=r", "mongodb://u@h1:1,h2:2/db"),
    ("mongodb://h1:1,h2/db?authSource=a@b", "mongodb://h1:1,h2/db"),
    ("postgres:///db?host=/tmp&password=x", "postgres:///db"),
    ("postgres://u:p@/db", "postgres://u@/db"),
    ("sqlite://data/a@b.db?mode=rwc", "sqlite://data/a@b.db"),
    ("sqlite::memory:", "sqlite::memory:"),
    ("sqlite:orders.db?key=secret", "sqlite:orders.db"),
    ("file:orders.db?key=secret", "file:orders.db"),
    ("jdbc:postgresql://u:p@h:1/db?x=y", "jdbc:postgresql://u@h:1/db"),
    ("jdbc:sqlserver://h:1433;databaseName=d;user=u;password=p@ss", "jdbc:sqlserver://h:1433"),
    ("postgres://u:p%40ss@h/db", "postgres://u@h/db"),
    // Passwords that should have been percent-encoded.
    ("postgres://u:p@ss@h/db", "postgres://u@h/db"),
    ("postgres://u:p/ss@h/db", "postgres://u@h/db"),
    ("postgres://u:p@s/s@h/db", "postgres://u@h/db"),
    ("postgres://u:p?ss@h/db", "postgres://u@h/db"),
    ("postgres://u:p#ss@h/db", "postgres://u@h/db"),
    ("postgres://u:p;ss@h/db", "postgres://u@h/db"),
    ("postgres://u:p;user=ss@h/db", "postgres://u@h/db"),
    ("postgres://u:p ss@h/db", "postgres://u@h/db"),
    ("u:p://ss@h/db", "u@h/db"),
    ("postgres://h:5432?password=p@ss", "postgres://h:5432"),
    ("", ""),
    ("@", "@"),
    ("://", "://"),
    ("?", ""),
];

const STRINGS: &[(&str, &str)] = &[
    ("user=user database=database", "user=user database=database"),
    ("user=user password=password database=database", "user=user database=database"),
    (
        "odbc:server=localhost;user id=sa;password={foo}};bar};otherthing=thing",
        "odbc:server=localhost;user id=sa;otherthing=thing",
    ),
    ("odbc:pwd={a;b};server=h", "odbc:server=h"),
    ("Server=h;User Id=sa;Password=a b c d;Database=d", "Server=h;User Id=sa;Database=d"),
    ("Server=h;PWD=x;", "Server=h;"),
    ("Server=h;PWD=x", "Server=h"),
    ("Server=tcp:h,1433;User ID=sa@h;Password=p@ss:w", "Server=tcp:h,1433;User ID=sa@h"),
    (r#"Server=h;Password="a;b""c";Database=d"#, "Server=h;Database=d"),
    ("Server=h;Password='a;b''c';Database=d", "Server=h;Database=d"),
    ("Server=h;Password={never closed;Database=d", "Server=h"),
    (r"host=h password='it\'s x' dbname=d", "host=h dbname=d"),
    ("host=h password = secret dbname = d", "host=h dbname = d"),
    ("password=secret host=h", "host=h"),
    ("host=h password=two words dbname=d", "host=h dbname=d"),
    ("host=h password=two words", "host=h"),
    ("host=h sslpassword=x passfile=/p", "host=h passfile=/p"),
    ("password=secret", ""),
    ("Data Source=app:secret@db;Pooling=true", "Data Source=app@db;Pooling=true"),
    ("app:secret@tcp(db:3306)/shop?parseTime=true", "app@tcp(db:3306)/shop"),
    ("app:se=cret@tcp(db:3306)/shop", "app@tcp(db:3306)/shop"),
    ("app:se cret@db/shop", "app@db/shop"),
    ("postgres://u:p@h/db?password=x", "postgres://u@h/db"),
    ("  host=h  ", "host=h"),
    ("a;b;=;;", "a;b;=;;"),
    ("", ""),
    (";", ";"),
];

#[test]
fn urls() {
    for (url, expected) in URLS {
        assert_eq!(connection_url(url), *expected, "{url}");
        assert_eq!(connection_url(expected), *expected, "twice: {url}");
    }
}

#[test]
fn strings() {
    for (text, expected) in STRINGS {
        assert_eq!(connection_string(text), *expected, "{text}");
        assert_eq!(connection_string(expected), *expected, "twice: {text}");
    }
}

#[test]
fn pairs_are_known_where_a_url_is_expected() {
    assert_eq!(connection_url("host=h password=x"), "host=h");
}
