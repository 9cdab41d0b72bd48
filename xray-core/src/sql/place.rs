//! Who a database is and where, by what a driver connects with.

use std::borrow::Cow;

use super::connection::{connection_string, connection_url, pairs, parameters, starts_with};
use crate::{Error, document::{MAX_SHORT_TEXT, cut}};

/// What a URL or a connection string says, without secrets.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// As the subsegments are named.
    pub(super) name: String,
    pub(super) database_type: Option<String>,
    pub(super) user: Option<String>,
}

/// The default of most drivers.
const LOCAL: &str = "localhost";

impl Place {
    pub(super) fn of_url(url: &str) -> Result<Self, Error> {
        if url.trim().is_empty() {
            return Err(bad("is empty"));
        }
        // JDBC's prefix stands before a URL, and its parameters may name the database.
        let url = if starts_with(url, "jdbc:") { &url["jdbc:".len()..] } else { url };
        if starts_with(url, "sqlite:") || starts_with(url, "sqlite3:") || starts_with(url, "file:") {
            return Ok(Self::of_file(url));
        }
        let clean = connection_url(url);
        let (scheme, rest) = clean.split_once("://").ok_or_else(|| bad("has no scheme"))?;
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(is_scheme) {
            return Err(bad("has no scheme"));
        }
        let known = Known::of(scheme);
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = authority.rsplit_once('@').map_or((None, authority), |(user, hosts)| (Some(user), hosts));
        // Of several hosts, one of which answers, the first one names them all.
        let host = host(hosts.split(',').next().unwrap_or_default())?;
        let given = Given::of(url, hosts.is_empty());
        let host = match given.host.as_deref().unwrap_or(&host) {
            // A folder of sockets.
            host if host.starts_with('/') => LOCAL,
            "" if known.is_some() => LOCAL,
            "" => return Err(bad("has no host")),
            host => host,
        };
        let user = given.user.or(user.map(decoded)).filter(|user| !user.is_empty());
        let by_user = || user.as_ref().filter(|_| known == Some(Known::PostgreSql)).cloned();
        let database = Some(decoded(path.trim_end_matches('/')).into_owned())
            .filter(|database| !database.is_empty())
            .or(given.database.map(Cow::into_owned))
            .or_else(|| by_user().map(Cow::into_owned))
            .unwrap_or_else(|| "database".to_owned());
        Ok(Self {
            name: format!("{}@{host}", cut(&database, MAX_SHORT_TEXT)),
            database_type: Some(known.map_or_else(|| scheme.to_owned(), |known| known.database_type().to_owned())),
            user: user.map(Cow::into_owned),
        })
    }

    /// The file that SQLite opens.
    fn of_file(url: &str) -> Self {
        let path = url.split_once(':').map_or("", |(_, path)| path);
        let path = decoded(&path[..path.find(['?', '#']).unwrap_or(path.len())]);
        let file = path.rsplit(['/', '\\']).next().unwrap_or_default();
        let stem = match file.rfind('.') {
            // A name that begins with its only dot is all stem.
            Some(dot) if dot > 0 => &file[..dot],
            _ => file,
        };
        // A file without a name is temporary, and so is a database in memory.
        let stem = if matches!(stem, "" | ":memory:") { "memory" } else { cut(stem, MAX_SHORT_TEXT) };
        Self {
            name: format!("sqlite@{stem}"),
            database_type: Some("SQLite".to_owned()),
            user: None,
        }
    }

    pub(super) fn of_pairs(text: &str) -> Result<Self, Error> {
        let mut place = Self::default();
        let (mut host, mut database): (Option<String>, Option<String>) = (None, None);
        let mut some = false;
        // Of what is clean already, so that no secret becomes a part of a name.
        for (key, value) in pairs(&connection_string(text)) {
            some = true;
            let key: String = key.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
            match key.to_ascii_lowercase().as_str() {
                "host" | "hostaddr" | "server" | "datasource" | "address" | "addr" | "networkaddress" => {
                    // `hostaddr` only says where a `host` is.
                    if host.is_none() || !key.eq_ignore_ascii_case("hostaddr") {
                        host = Some(value.into_owned());
                    }
                }
                "dbname" | "database" | "initialcatalog" | "databasename" => database = Some(value.into_owned()),
                "user" | "userid" | "uid" | "username" => place.user = Some(value.into_owned()),
                _ => {}
            }
        }
        if !some {
            return Err(Error::config(
                "connection string has no key=value pairs: give it as host=… dbname=… user=…, \
                 or a URL to SqlTarget::from_url",
            ));
        }
        let host = host.as_deref().map_or(LOCAL, pair_host);
        let database = database.as_deref().or(place.user.as_deref()).unwrap_or("database");
        place.name = format!("{}@{}", cut(database, MAX_SHORT_TEXT), cut(host, MAX_SHORT_TEXT));
        Ok(place)
    }
}

/// Databases whose drivers have defaults.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    PostgreSql,
    MySql,
    MsSql,
}

impl Known {
    fn of(scheme: &str) -> Option<Self> {
        match scheme.to_ascii_lowercase().as_str() {
            "postgres" | "postgresql" => Some(Self::PostgreSql),
            "mysql" | "mariadb" => Some(Self::MySql),
            "mssql" | "sqlserver" => Some(Self::MsSql),
            _ => None,
        }
    }

    fn database_type(self) -> &'static str {
        match self {
            Self::PostgreSql => "PostgreSQL",
            Self::MySql => "MySQL",
            Self::MsSql => "MSSQL",
        }
    }
}

/// What stands after `?` or `;` in place of in the URL itself.
#[derive(Default)]
struct Given<'a> {
    host: Option<Cow<'a, str>>,
    database: Option<Cow<'a, str>>,
    user: Option<Cow<'a, str>>,
}

impl<'a> Given<'a> {
    fn of(url: &'a str, without_host: bool) -> Self {
        let mut given = Self::default();
        if let Some((_, query)) = url.split_once('?')
            // Else it may be a part of a password.
            && !query.contains(['?', '@'])
        {
            for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
                match key {
                    "host" if without_host => given.host = Some(decoded(value)),
                    "dbname" => given.database = Some(decoded(value)),
                    "user" => given.user = Some(decoded(value)),
                    _ => {}
                }
            }
        } else if let Some(at) = parameters(url)
            && !url[..at].contains('@')
        {
            for (key, value) in pairs(&connection_string(&url[at + 1..])) {
                let value = || Some(Cow::Owned(value.into_owned()));
                match key.to_ascii_lowercase().as_str() {
                    "database" | "databasename" => given.database = value(),
                    "user" => given.user = value(),
                    _ => {}
                }
            }
        }
        given
    }
}

/// The host, without port, of `host`, `host:port` and `[address]:port`.
fn host(text: &str) -> Result<Cow<'_, str>, Error> {
    let (host, port) = match text.strip_prefix('[') {
        Some(address) => {
            let (address, rest) = address.split_once(']').ok_or_else(|| bad("has a [ without ]"))?;
            (address, rest)
        }
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = port.strip_prefix(':').unwrap_or(port);
    if !port.is_empty() && port.parse::<u16>().is_err() {
        return Err(bad("has a port that is no number up to 65535"));
    }
    Ok(decoded(host))
}

/// The host of ADO's `tcp:host\instance,port` and of libpq's lists; a folder of sockets is local.
fn pair_host(text: &str) -> &str {
    let text = if starts_with(text, "tcp:") || starts_with(text, "lpc:") { &text[4..] } else { text };
    let host = text.split([',', '\\']).next().unwrap_or_default().trim();
    match host {
        "" | "." | "(local)" => LOCAL,
        _ if host.starts_with(['/', '@']) => LOCAL,
        _ => host,
    }
}

/// Without the text, which may hold a password that was not understood as one.
fn bad(what: &str) -> Error {
    Error::config(format!(
        "database URL {what}: give it as scheme://user@host:port/database, \
         or name the database with SqlTarget::named"
    ))
}

/// With `%41` for `A`; what is not UTF-8 then is shown as such.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let hex = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let (bytes, mut at) = (text.as_bytes(), 0);
    let mut plain = Vec::with_capacity(bytes.len());
    while let Some(&byte) = bytes.get(at) {
        match (byte, hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                plain.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&plain).into_owned())
}
