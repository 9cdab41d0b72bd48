use std::fmt;

/// The most codes that are told apart; the service has a handful.
const MAX_CODES: usize = 32;

/// What became of every document handed to the relay: the accepted ones and OTLP traces, none else.
///
/// `taken = sent + unprocessed + rejected + expired + dropped + waiting` holds in every copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelayStats {
    /// Documents handed to the relay.
    pub taken: u64,
    /// Documents that X-Ray took.
    pub sent: u64,
    /// Documents that X-Ray gave back as unprocessed, for their own sake.
    pub unprocessed: u64,
    /// Documents that X-Ray refused with an error, each on its own.
    pub rejected: u64,
    /// Documents given up: too old, or left over at the stop.
    pub expired: u64,
    /// Documents given up because too much was waiting.
    pub dropped: u64,
    /// Documents that wait or are on their way.
    pub waiting: u64,
    /// Calls that were made again.
    pub retries: u64,
    codes: Vec<(String, u64)>,
}

impl RelayStats {
    /// The error codes of what was unprocessed or rejected, in the order of their first occurrence, and how often.
    pub fn codes(&self) -> impl Iterator<Item = (&str, u64)> + '_ {
        self.codes.iter().map(|(code, count)| (code.as_str(), *count))
    }

    /// True if this code never occurred before.
    pub(super) fn unprocessed(&mut self, code: &str) -> bool {
        self.unprocessed += 1;
        self.code(code)
    }

    /// True if this code never occurred before.
    pub(super) fn reject(&mut self, code: &str) -> bool {
        self.rejected += 1;
        self.code(code)
    }

    fn code(&mut self, code: &str) -> bool {
        if let Some((_, count)) = self.codes.iter_mut().find(|(known, _)| known == code) {
            *count += 1;
            return false;
        }
        if self.codes.len() >= MAX_CODES {
            return false;
        }
        self.codes.push((code.to_owned(), 1));
        true
    }
}

impl fmt::Display for RelayStats {
    /// The balance on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { taken, sent, unprocessed, rejected, expired, dropped, waiting, .. } = self;
        write!(
            f,
            "relayed {taken} = sent {sent} + unprocessed {unprocessed} + rejected {rejected}"
        )?;
        write!(f, " + expired {expired} + dropped {dropped} + waiting {waiting}")?;
        for (position, (code, count)) in self.codes().enumerate() {
            let open = if position == 0 { " (" } else { ", " };
            write!(f, "{open}{code} {count}")?;
        }
        if !self.codes.is_empty() {
            f.write_str(")")?;
        }
        Ok(())
    }
}

/// How the relay stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RelayState {
    /// Documents stay on this machine.
    Off,
    /// Credentials and a region are being looked for; documents wait.
    Searching,
    /// Documents go to X-Ray.
    On,
    /// The last call failed and is made again; documents wait.
    Failing,
}

impl RelayState {
    /// The state in a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Searching => "searching",
            Self::On => "on",
            Self::Failing => "failing",
        }
    }
}

/// Where documents go, or why they stay.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelayStatus {
    /// How the relay stands.
    pub state: RelayState,
    /// The region, such as `eu-west-1`.
    pub region: Option<String>,
    /// The account that the credentials belong to, if it could be told.
    pub account: Option<String>,
    /// The address of X-Ray, where it is not the region's usual one.
    pub endpoint: Option<String>,
    /// Why the relay is off, or what went wrong last.
    pub reason: Option<String>,
}

impl RelayStatus {
    pub(super) fn new(state: RelayState) -> Self {
        Self { state, region: None, account: None, endpoint: None, reason: None }
    }

    /// Nobody asked for a relay.
    pub(crate) fn none() -> Self {
        Self::new(RelayState::Off)
    }

    pub(super) fn off(reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..Self::new(RelayState::Off) }
    }
}

impl fmt::Display for RelayStatus {
    /// What happens to documents, such as `relays them to X-Ray in eu-west-1, account 123456789012`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state {
            RelayState::Off => f.write_str("keeps them on this machine")?,
            RelayState::Searching => f.write_str("looks for AWS credentials and a region")?,
            RelayState::On | RelayState::Failing => {
                let region = self.region.as_deref().unwrap_or("an unknown region");
                let account = self.account.as_deref().unwrap_or("unknown");
                write!(f, "relays them to X-Ray in {region}, account {account}")?;
                if let Some(endpoint) = &self.endpoint {
                    write!(f, ", at {endpoint}")?;
                }
            }
        }
        match &self.reason {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}
