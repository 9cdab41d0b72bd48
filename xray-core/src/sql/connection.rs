use std::borrow::Cow;

use super::scan::quoted;

/// A database URL as it is recorded: `scheme://user@host:port/database`, without password, query and
/// fragment. A URL without scheme, `user/password@host` and JDBC's `;key=value` are known as well.
///
/// A password that should have been percent-encoded is cut to its last `@`, so a name that holds an
/// `@` after the host is cut rather than a password shown.
///
/// ```
/// use xray_core::sql::connection_url;
///
/// assert_eq!(
///     connection_url("postgres://app:s3cret@db.internal:5432/shop?sslmode=require"),
///     "postgres://app@db.internal:5432/shop",
/// );
/// assert_eq!(connection_url("scott/tiger@db:1521/orders"), "scott@db:1521/orders");
/// assert_eq!(connection_url("sqlite://data/shop.db?mode=rwc"), "sqlite://data/shop.db");
/// ```
#[must_use]
pub fn connection_url(url: &str) -> Cow<'_, str> {
    let url = url.trim();
    if is_pairs(url) {
        return connection_string(url);
    }
    let (scheme, rest) = url.split_at(after_scheme(url));
    // What looks like parameters may be a part of a password.
    let is_over = |end: &usize| is_hosts(&rest[..*end]) || !rest[*end..].contains('@');
    let rest = &rest[..parameters(rest).filter(is_over).unwrap_or(rest.len())];
    let is_file = ["sqlite:", "file:"].iter().any(|scheme| starts_with(url, scheme));
    let user_info = if is_file || rest.starts_with('/') { None } else { user_info(rest) };
    let Some(at) = user_info else {
        return Cow::Borrowed(&url[..scheme.len() + path_end(rest)]);
    };
    let host = &rest[at..];
    let host = &host[..path_end(host)];
    let user = user(&rest[..at]);
    if user.len() == at {
        return Cow::Borrowed(&url[..scheme.len() + at + host.len()]);
    }
    let host = if user.is_empty() { &host[1..] } else { host };
    Cow::Owned([scheme, user, host].concat())
}

/// A connection string as it is recorded: without the pairs whose key names a password or another
/// secret, and without what stands between `:` and `@`.
///
/// Pairs are separated by `;` or by white space; a value may stand in `{…}`, `'…'` or `"…"`. A text
/// that is not made of pairs is cleaned by [`connection_url`].
///
/// ```
/// use xray_core::sql::connection_string;
///
/// assert_eq!(
///     connection_string("server=localhost;user id=sa;password={a;b}};c};database=shop"),
///     "server=localhost;user id=sa;database=shop",
/// );
/// assert_eq!(connection_string("user=app password=secret dbname=shop"), "user=app dbname=shop");
/// assert_eq!(connection_string("app:secret@tcp(db:3306)/shop"), "app@tcp(db:3306)/shop");
/// ```
#[must_use]
pub fn connection_string(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if !is_pairs(text) {
        return connection_url(text);
    }
    let (prefix, mut rest) = text.split_at(prefix_len(text));
    let semicolons = parameters(rest).is_some() || rest.ends_with(';');
    let separates = |c: char| if semicolons { c == ';' } else { c.is_whitespace() };

    let mut clean = prefix.to_owned();
    let mut separator = "";
    let mut after_secret = false;
    while !rest.is_empty() {
        let (pair, secret) = next_pair(rest, separates);
        rest = &rest[pair.len()..];
        let shown = match pair {
            _ if secret => "",
            // The rest of a secret that should have been quoted.
            _ if after_secret && !semicolons => last_word_before_equals(pair),
            _ => pair,
        };
        after_secret = secret || (after_secret && shown.is_empty());
        if !shown.is_empty() {
            clean.push_str(separator);
            push_without_password(&mut clean, shown);
        }
        let after = rest.trim_start_matches(|c: char| separates(c) || c.is_whitespace());
        let between = &rest[..rest.len() - after.len()];
        if !shown.is_empty() {
            separator = between;
        }
        rest = after;
    }
    if text.ends_with(';') {
        clean.push_str(separator);
    }
    if clean == text { Cow::Borrowed(text) } else { Cow::Owned(clean) }
}

fn after_scheme(url: &str) -> usize {
    let Some(end) = url.find("://") else { return 0 };
    let scheme = &url[..end];
    // What else has a colon is a user and a password.
    let (_, name) =
        scheme.split_once(':').filter(|_| starts_with(url, "jdbc:")).unwrap_or(("", scheme));
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
    if name.chars().all(is_scheme) { end + 3 } else { 0 }
}

/// Where JDBC's `;key=value` begins.
pub(super) fn parameters(text: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = text[from..].find(';') {
        let after = &text[from + found + 1..];
        let key = after.find(|c: char| !is_key(c)).unwrap_or(after.len());
        if after[key..].starts_with('=') && !after[..key].trim().is_empty() {
            return Some(from + found);
        }
        from += found + 1 + key;
    }
    None
}

pub(super) fn is_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_ .-".contains(c)
}

/// Where the `@` after user and password stands.
fn user_info(rest: &str) -> Option<usize> {
    let path = &rest[..path_end(rest)];
    path.rfind('@').or_else(|| {
        // A password may hold a `?`, and then what looks like a port is none.
        if is_hosts(path) { None } else { rest.rfind('@') }
    })
}

/// Whether what stands before the path may be hosts and their ports.
pub(super) fn is_hosts(path: &str) -> bool {
    let authority = &path[..path.find('/').unwrap_or(path.len())];
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit());
    let is_host = |host: &str| {
        host.starts_with('[') || host.split_once(':').is_none_or(|(_, port)| is_port(port))
    };
    authority.split(',').all(is_host)
}

fn user(user_info: &str) -> &str {
    let end = user_info.find([':', '/', ';', '?', '#']).unwrap_or(user_info.len());
    let user = &user_info[..end];
    let encoded = user.as_bytes().windows(3).position(|window| {
        window.eq_ignore_ascii_case(b"%2f") || window.eq_ignore_ascii_case(b"%3a")
    });
    &user[..encoded.unwrap_or(end)]
}

fn path_end(text: &str) -> usize {
    text.find(['?', '#']).unwrap_or(text.len())
}

pub(super) fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Whether the text begins with a key and `=`.
pub(super) fn is_pairs(text: &str) -> bool {
    let key = text[prefix_len(text)..].split_once('=').map_or("", |(key, _)| key);
    !key.trim().is_empty() && key.chars().all(is_key)
}

/// What may stand before the first key. Other words with a colon are a user, and a password follows.
fn prefix_len(text: &str) -> usize {
    const PREFIX: &str = "odbc:";
    if starts_with(text, PREFIX) { PREFIX.len() } else { 0 }
}

/// The pair that the text begins with, and whether it is a secret.
fn next_pair(text: &str, separates: impl Fn(char) -> bool) -> (&str, bool) {
    let semicolons = separates(';');
    let Some(equals) = text.find(|c| c == '=' || (semicolons && c == ';')) else {
        return (text, false);
    };
    if text[equals..].starts_with(';') {
        // No pair at all.
        return (&text[..equals], false);
    }
    let value = text[equals + 1..].trim_start();
    let start = text.len() - value.len();
    let close = match value.bytes().next() {
        Some(b'{') => Some(b'}'),
        Some(quote @ (b'\'' | b'"')) => Some(quote),
        _ => None,
    };
    let len = match close {
        // libpq escapes by backslash, all others by doubling.
        Some(close) => quoted(value, 1, close, !semicolons).0,
        None => 0,
    };
    let len = len + value[len..].find(&separates).unwrap_or(value.len() - len);
    (&text[..start + len], is_secret(&text[..equals]))
}

/// The pairs of a connection string, without those that are secret; what stands in quotes without them.
pub(super) fn pairs(text: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let text = text.trim();
    let mut rest = &text[prefix_len(text)..];
    let semicolons = rest.contains(';');
    let separates = move |c: char| if semicolons { c == ';' } else { c.is_whitespace() };
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| separates(c) || c.is_whitespace());
        if rest.is_empty() {
            return None;
        }
        let (pair, secret) = next_pair(rest, separates);
        rest = &rest[pair.len()..];
        Some((pair, secret))
    })
    .filter(|(_, secret)| !secret)
    .filter_map(|(pair, _)| pair.split_once('='))
    .map(|(key, value)| (key.trim(), unquoted(value.trim())))
}

fn unquoted(value: &str) -> Cow<'_, str> {
    let inner = value.get(1..value.len().saturating_sub(1)).unwrap_or_default();
    match (value.bytes().next(), value.bytes().next_back()) {
        (Some(b'{'), Some(b'}')) => Cow::Owned(inner.replace("}}", "}")),
        (Some(b'"'), Some(b'"')) if value.len() > 1 => Cow::Owned(inner.replace("\"\"", "\"")),
        (Some(b'\''), Some(b'\'')) if value.len() > 1 => Cow::Owned(inner.replace("''", "'")),
        _ => Cow::Borrowed(value),
    }
}

fn is_secret(key: &str) -> bool {
    const PARTS: [&str; 6] = ["password", "passwd", "passphrase", "pwd", "secret", "token"];
    let key = key.trim().to_ascii_lowercase();
    key == "pass" || PARTS.iter().any(|part| key.contains(part))
}

/// `b user=app` is what remains of `password=a b user=app`.
fn last_word_before_equals(pair: &str) -> &str {
    let Some(equals) = pair.find('=') else { return "" };
    let key = pair[..equals].trim_end();
    &pair[key.rfind(char::is_whitespace).map_or(0, |space| space + 1)..]
}

/// Adds the text without what stands between its first `:` and the last `@` after it.
fn push_without_password(clean: &mut String, text: &str) {
    let password = text.find(':').zip(text.rfind('@')).filter(|(colon, at)| colon < at);
    match password {
        Some((colon, at)) => clean.extend([&text[..colon], &text[at..]]),
        None => clean.push_str(text),
    }
}
