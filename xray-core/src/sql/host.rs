use super::{
    connection::{is_hosts, is_key, is_pairs, parameters},
    place::host_of_pairs,
};

/// The host in whatever a client is configured with: a URL, a connection string, or what comes with a
/// user or a port. `None` where none is told for certain: better no host than a piece of a password.
pub(crate) fn host_of(text: &str) -> Option<String> {
    let text = text.trim();
    if is_pairs(text) {
        return host_of_url(&host_of_pairs(text)?).map(str::to_owned);
    }
    host_of_url(text).map(str::to_owned)
}

fn host_of_url(text: &str) -> Option<&str> {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = after_user(text)?;
    // The first of a replica set's.
    let host = &authority[..authority.find(['/', ',']).unwrap_or(authority.len())];
    let host = match host.strip_prefix('[') {
        Some(address) => address.split_once(']')?.0,
        None => match host.split_once(':') {
            // An address of IPv6 without brackets has no port.
            Some((host, port)) if !port.contains(':') => host,
            _ => host,
        },
    };
    let is_of_host = |c: char| c.is_alphanumeric() || "._:-".contains(c);
    (!host.is_empty() && host.chars().all(is_of_host)).then_some(host)
}

/// Host and port, maybe with a path. A password that should have been percent-encoded may hold what begins
/// a query, and a query may hold an `@`.
fn after_user(text: &str) -> Option<&str> {
    let (before, query) = text.split_at(query(text));
    let host = before.rsplit_once('@').map_or(before, |(_, host)| host);
    if !query.contains('@') {
        return Some(host);
    }
    let is_query = query[1..].split_once('=').is_some_and(|(key, _)| key.chars().all(is_key));
    if is_query {
        // It is one for certain where a port or a path stands before it.
        return Some(host).filter(|host| host.contains([':', '/']) && is_hosts(host));
    }
    text.rsplit_once('@').map(|(_, host)| host)
}

/// Where a query or a fragment begins, or the parameters of JDBC (`;key=`) and of Redis (`,key=`).
fn query(text: &str) -> usize {
    let ends = [text.find(['?', '#']), parameters(text), parameters(&text.replace(',', ";"))];
    ends.into_iter().flatten().min().unwrap_or(text.len())
}
