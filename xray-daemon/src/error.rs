use std::fmt;
use std::io;
use std::net::SocketAddr;

/// Why the daemon did not start, or why its sampling rules cannot be used.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    source: Option<io::Error>,
}

#[derive(Debug)]
enum Kind {
    Bind {
        transport: Transport,
        address: SocketAddr,
    },
    Start,
    /// What is wrong with them.
    Rules(String),
    #[cfg(feature = "relay")]
    Relay,
}

/// One of the daemon's two sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transport {
    /// The documents.
    Udp,
    /// The sampling calls.
    Tcp,
}

impl Error {
    pub(crate) fn bind(transport: Transport, address: SocketAddr, source: io::Error) -> Self {
        Self { kind: Kind::Bind { transport, address }, source: Some(source) }
    }

    pub(crate) fn start(source: io::Error) -> Self {
        Self { kind: Kind::Start, source: Some(source) }
    }

    pub(crate) fn rules(what: String) -> Self {
        Self { kind: Kind::Rules(what), source: None }
    }

    #[cfg(feature = "relay")]
    pub(crate) fn relay(reason: String) -> Self {
        Self { kind: Kind::Relay, source: Some(io::Error::new(io::ErrorKind::NotFound, reason)) }
    }

    /// Whether the relay was asked for, and credentials or a region are missing; the source says which.
    #[cfg(feature = "relay")]
    #[must_use]
    pub fn is_relay(&self) -> bool {
        matches!(self.kind, Kind::Relay)
    }

    /// Whether somebody else, probably another daemon, holds the address.
    #[must_use]
    pub fn is_address_in_use(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.kind() == io::ErrorKind::AddrInUse)
    }

    /// Whether the sampling rules cannot be read, or break a limit.
    #[must_use]
    pub fn is_config(&self) -> bool {
        matches!(self.kind, Kind::Rules(_))
    }

    /// The socket that could not be bound.
    #[must_use]
    pub fn transport(&self) -> Option<Transport> {
        match self.kind {
            Kind::Bind { transport, .. } => Some(transport),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Bind { transport, address } if self.is_address_in_use() => {
                write!(f, "{transport} {address} is in use, probably by another X-Ray daemon")
            }
            Kind::Bind { transport, address } => write!(f, "cannot bind {transport} {address}"),
            Kind::Start => f.write_str("cannot start the daemon's threads"),
            Kind::Rules(what) => f.write_str(what),
            #[cfg(feature = "relay")]
            Kind::Relay => f.write_str("cannot relay documents to X-Ray"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.source.as_ref()?;
        Some(source)
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        })
    }
}
