//! Who a database is and where, by what a driver connects with.

use std::borrow::Cow;

use super::connection::{connection_string, connection_url, pairs, parameters, starts_with};
use crate::{
    Error,
    document::{MAX_SHORT_TEXT, cut},
};

/// What a URL or a connection string says, without secrets.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// As the subsegments are named.
    pub(super) name: String,
    pub(super) database_type: Option<String>,
    pub(super) user: Option<String>,
}

const POSTGRESQL: &str = "PostgreSQL";

/// The default of most drivers.
const LOCAL: &str = "localhost";

impl Place {
    pub(super) fn of_url(url: &str) -> Result<Self, Error> {
        if url.is_empty() {
            return Err(bad("is empty"));
        }
        // JDBC's prefix stands before a URL, and its parameters may name the database.
        let url = if starts_with(url, "jdbc:") { &url["jdbc:".len()..] } else { url };
        if ["sqlite:", "sqlite3:", "file:"].iter().any(|scheme| starts_with(url, scheme)) {
            return Ok(Self::of_file(url));
        }
        let clean = connection_url(url);
        let (scheme, rest) =
            clean.split_once("://").filter(is_scheme).ok_or_else(|| bad("has no scheme"))?;
        let known = known(scheme);
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let given = Given::of(url, hosts.is_empty());
        // Of several hosts, one of which answers, the first names them all.
        let host = host(hosts.split(',').next().unwrap_or_default())?;
        let host = match given.host.as_deref().unwrap_or(&host) {
            // A folder of sockets.
            host if host.starts_with('/') => LOCAL,
            "" if known.is_some() => LOCAL,
            "" => return Err(bad("has no host")),
            host => host,
        };
        let user = given.user.unwrap_or_else(|| decoded(user).into_owned());
        let database = match (decoded(path.trim_end_matches('/')), given.database) {
            (database, _) if !database.is_empty() => database.into_owned(),
            (_, Some(database)) => database,
            (_, None) if known == Some(POSTGRESQL) => user.clone(),
            (_, None) => String::new(),
        };
        Ok(Self {
            name: name(&database, host),
            database_type: Some(known.unwrap_or(scheme).to_owned()),
            user: Some(user).filter(|user| !user.is_empty()),
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
        let stem = if matches!(stem, "" | ":memory:") { "memory" } else { stem };
        Self { name: name("sqlite", stem), database_type: Some("SQLite".to_owned()), user: None }
    }

    pub(super) fn of_pairs(text: &str) -> Result<Self, Error> {
        // Of what is clean already, so that no secret becomes a part of a name.
        let text = connection_string(text);
        if pairs(&text).next().is_none() {
            return Err(Error::config(
                "connection string has no key=value pairs: give it as host=… dbname=… user=…, \
                 or a URL to SqlTarget::from_url",
            ));
        }
        let Pairs { host, database, user } = Pairs::of(&text);
        let database = database.as_deref().or(user.as_deref()).unwrap_or_default();
        Ok(Self {
            name: name(database, host.as_deref().map_or(LOCAL, pair_host)),
            database_type: None,
            user: user.map(Cow::into_owned),
        })
    }
}

/// What the pairs of a connection string say.
#[derive(Debug, Default)]
struct Pairs<'a> {
    host: Option<Cow<'a, str>>,
    database: Option<Cow<'a, str>>,
    user: Option<Cow<'a, str>>,
}

impl<'a> Pairs<'a> {
    fn of(text: &'a str) -> Self {
        let Self { mut host, mut database, mut user } = Self::default();
        for (key, value) in pairs(text) {
            let letters = key.chars().filter(char::is_ascii_alphanumeric).take(32);
            let key: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
            match key.as_str() {
                // Where the host is that `host` names.
                "hostaddr" if host.is_some() => {}
                "host" | "hostaddr" | "server" | "datasource" | "address" | "addr"
                | "networkaddress" => host = Some(value),
                "dbname" | "database" | "initialcatalog" | "databasename" => database = Some(value),
                "user" | "userid" | "uid" | "username" => user = Some(value),
                _ => {}
            }
        }
        Self { host, database, user }
    }
}

/// The host that a connection string's pairs name, maybe with a port.
pub(super) fn host_of_pairs(text: &str) -> Option<String> {
    let text = connection_string(text);
    Pairs::of(&text).host.map(|host| pair_host(&host).to_owned())
}

fn name(database: &str, host: &str) -> String {
    let database = if database.is_empty() { "database" } else { cut(database, MAX_SHORT_TEXT) };
    format!("{database}@{}", cut(host, MAX_SHORT_TEXT))
}

fn is_scheme((scheme, _): &(&str, &str)) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(is_part)
}

/// The database of a URL's scheme, as it is recorded, if its drivers have a default for the host.
fn known(scheme: &str) -> Option<&'static str> {
    match scheme.to_ascii_lowercase().as_str() {
        "postgres" | "postgresql" => Some(POSTGRESQL),
        "mysql" | "mariadb" => Some("MySQL"),
        "mssql" | "sqlserver" => Some("MSSQL"),
        _ => None,
    }
}

/// What stands after `?` or `;` and not in the URL itself.
#[derive(Debug, Default)]
struct Given {
    host: Option<String>,
    database: Option<String>,
    user: Option<String>,
}

impl Given {
    fn of(url: &str, without_host: bool) -> Self {
        let mut given = Self::default();
        if let Some((_, query)) = url.split_once('?') {
            // Else it may be a part of a password.
            if !query.contains(['?', '@']) {
                for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
                    given.set(key, || decoded(value).into_owned());
                }
            }
        } else if let Some(at) = parameters(url).filter(|&at| !url[..at].contains('@')) {
            for (key, value) in pairs(&connection_string(&url[at + 1..])) {
                given.set(key, || value.into_owned());
            }
        }
        if !without_host {
            given.host = None;
        }
        given
    }

    fn set(&mut self, key: &str, value: impl FnOnce() -> String) {
        match key.to_ascii_lowercase().as_str() {
            "host" => self.host = Some(value()),
            "dbname" | "database" | "databasename" => self.database = Some(value()),
            "user" => self.user = Some(value()),
            _ => {}
        }
    }
}

/// The host, without port, of `host`, `host:port` and `[address]:port`.
fn host(text: &str) -> Result<Cow<'_, str>, Error> {
    let (host, port) = match text.strip_prefix('[') {
        Some(address) => {
            let (address, rest) =
                address.split_once(']').ok_or_else(|| bad("has a [ without ]"))?;
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
    let text =
        if starts_with(text, "tcp:") || starts_with(text, "lpc:") { &text[4..] } else { text };
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
