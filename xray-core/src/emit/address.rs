use std::{fmt, net::IpAddr, str::FromStr};

use crate::Error;

/// Where the X-Ray daemon listens, as `AWS_XRAY_DAEMON_ADDRESS` says it: `host:port`, or
/// `udp:host:port tcp:host:port` in either order.
///
/// ```
/// use xray_core::emit::DaemonAddress;
///
/// let address: DaemonAddress = "tcp:10.0.0.7:3000 udp:[::1]:2000".parse()?;
/// assert_eq!(address.udp(), "[::1]:2000");
/// assert_eq!(address.tcp(), "10.0.0.7:3000");
/// assert_eq!(DaemonAddress::default().udp(), "127.0.0.1:2000");
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DaemonAddress {
    udp: String,
    tcp: String,
}

impl DaemonAddress {
    /// `host:port` for documents.
    #[must_use]
    pub fn udp(&self) -> &str {
        &self.udp
    }

    /// `host:port` for the sampling calls.
    #[must_use]
    pub fn tcp(&self) -> &str {
        &self.tcp
    }
}

impl Default for DaemonAddress {
    fn default() -> Self {
        Self { udp: "127.0.0.1:2000".into(), tcp: "127.0.0.1:2000".into() }
    }
}

impl From<std::net::SocketAddr> for DaemonAddress {
    fn from(address: std::net::SocketAddr) -> Self {
        Self { udp: address.to_string(), tcp: address.to_string() }
    }
}

impl fmt::Display for DaemonAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.udp == self.tcp {
            f.write_str(&self.udp)
        } else {
            write!(f, "udp:{} tcp:{}", self.udp, self.tcp)
        }
    }
}

impl FromStr for DaemonAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parts: Vec<&str> = text.split_whitespace().collect();
        let found = match parts[..] {
            [both] => host_and_port(both).map(|both| (both, both)),
            [one, two] => match (one.split_once(':'), two.split_once(':')) {
                (Some(("udp", udp)), Some(("tcp", tcp)))
                | (Some(("tcp", tcp)), Some(("udp", udp))) => {
                    host_and_port(udp).zip(host_and_port(tcp))
                }
                _ => None,
            },
            _ => None,
        };
        found.map(|(udp, tcp)| Self { udp: udp.to_owned(), tcp: tcp.to_owned() }).ok_or_else(|| {
            Error::config(format!(
                "invalid daemon address {text:?}: expected `host:port` or `tcp:host:port udp:host:port`"
            ))
        })
    }
}

/// `text` if it is a host name, an IPv4 address or a bracketed IPv6 address, and a port.
fn host_and_port(text: &str) -> Option<&str> {
    let (host, port) = text.rsplit_once(':')?;
    port.parse::<u16>().ok().filter(|&port| port != 0)?;
    let valid = match host.strip_prefix('[') {
        Some(rest) => matches!(rest.strip_suffix(']')?.parse(), Ok(IpAddr::V6(_))),
        None => !host.is_empty() && !host.contains(':'),
    };
    valid.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::DaemonAddress;

    #[test]
    fn table_of_addresses() {
        for (text, udp, tcp) in [
            ("udp:1.1.1.1:1 tcp:2.2.2.2:2", "1.1.1.1:1", "2.2.2.2:2"),
            ("tcp:2.2.2.2:2 udp:1.1.1.1:1", "1.1.1.1:1", "2.2.2.2:2"),
            (" udp:h:1   tcp:h:2 ", "h:1", "h:2"),
            ("xray.internal:2000", "xray.internal:2000", "xray.internal:2000"),
            ("[::1]:2000", "[::1]:2000", "[::1]:2000"),
        ] {
            let address: DaemonAddress = text.parse().expect(text);
            assert_eq!((address.udp(), address.tcp()), (udp, tcp), "{text}");
        }
        for text in [
            "",
            "tcp:127.0.0.1:2000",
            "a:1 b:2",
            "127.0.0.1",
            "127.0.0.1:2000:9",
            ":2000",
            "127.0.0.1:x",
            "::1:2000",
            "127.0.0.1:0",
            "udp:a:1 udp:b:2",
            "h:1 h:2 h:3",
        ] {
            assert!(text.parse::<DaemonAddress>().is_err(), "{text}");
        }
    }
}
