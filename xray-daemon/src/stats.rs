use std::fmt;

use xray_console::{OtherKind, Rejection};

#[cfg(feature = "relay")]
use crate::relay::RelayStats;

/// What became of every datagram since the start.
///
/// `received = accepted + rejected + other kinds + dropped + queued` holds in every copy. What the kernel
/// dropped was never received and is counted beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Datagrams read from the socket.
    pub received: u64,
    /// X-Ray documents that passed every check.
    pub accepted: u64,
    /// OTLP traces in base64 (`T1S`, `T1U`): known, kept out of the console.
    pub otlp_traces: u64,
    /// OTLP metrics in base64 (`M1`).
    pub otlp_metrics: u64,
    /// Datagrams given up because the checking was too far behind.
    pub dropped: u64,
    /// Datagrams that wait to be checked.
    pub queued: u64,
    /// Datagrams that the kernel dropped because the socket's buffer was full; always 0 where the
    /// platform does not tell.
    pub kernel_drops: u64,
    /// What became of the documents that were to go to X-Ray; none where nothing is relayed. All that it took are
    /// `accepted + otlp_traces`.
    #[cfg(feature = "relay")]
    pub relay: Option<RelayStats>,
    rejected: Vec<(Rejection, u64)>,
}

impl Stats {
    /// How many were refused for this reason.
    #[must_use]
    pub fn rejected(&self, reason: Rejection) -> u64 {
        self.rejections().find(|(known, _)| *known == reason).map_or(0, |(_, count)| count)
    }

    /// How many were refused for whatever reason.
    #[must_use]
    pub fn rejected_total(&self) -> u64 {
        self.rejections().map(|(_, count)| count).sum()
    }

    /// The reasons that occurred, in the order of their first occurrence, and how often.
    pub fn rejections(&self) -> impl Iterator<Item = (Rejection, u64)> + '_ {
        self.rejected.iter().copied()
    }

    /// Bodies that are known, but are no X-Ray documents.
    #[must_use]
    pub fn other_kinds(&self) -> u64 {
        self.otlp_traces + self.otlp_metrics
    }

    /// Counts a refusal; true if this reason never occurred before.
    pub(crate) fn reject(&mut self, reason: Rejection) -> bool {
        if let Some((_, count)) = self.rejected.iter_mut().find(|(known, _)| *known == reason) {
            *count += 1;
            return false;
        }
        self.rejected.push((reason, 1));
        true
    }

    pub(crate) fn other_kind(&mut self, kind: OtherKind) {
        match kind {
            OtherKind::OtlpMetrics => self.otlp_metrics += 1,
            _ => self.otlp_traces += 1,
        }
    }
}

impl fmt::Display for Stats {
    /// The balance on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (received, accepted) = (self.received, self.accepted);
        write!(
            f,
            "received {received} = accepted {accepted} + rejected {}",
            self.rejected_total()
        )?;
        for (position, (reason, count)) in self.rejections().enumerate() {
            let open = if position == 0 { " (" } else { ", " };
            write!(f, "{open}{} {count}", reason.as_str())?;
        }
        if !self.rejected.is_empty() {
            f.write_str(")")?;
        }
        let (dropped, queued) = (self.dropped, self.queued);
        write!(f, " + other kinds {} + dropped {dropped} + queued {queued}", self.other_kinds())?;
        write!(f, "; dropped by the kernel {}", self.kernel_drops)?;
        #[cfg(feature = "relay")]
        if let Some(relay) = &self.relay {
            write!(f, "; {relay}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_balance_is_one_line() {
        let mut stats = Stats { received: 5, accepted: 1, otlp_metrics: 1, ..Stats::default() };
        assert!(stats.reject(Rejection::BadJson));
        assert!(!stats.reject(Rejection::BadJson));
        assert!(stats.reject(Rejection::Empty));
        assert_eq!(
            stats.to_string(),
            "received 5 = accepted 1 + rejected 3 (bad_json 2, empty 1) + other kinds 1 + dropped 0 + queued 0; \
             dropped by the kernel 0"
        );
    }
}
