use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::rejection::Rejection;
use crate::text;

/// Refused bodies kept for the status page.
const EXCERPTS: usize = 20;

/// A body that is known, but no X-Ray document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OtherKind {
    /// OTLP traces in base64, as AWS's OpenTelemetry distributions send them to this port.
    OtlpTraces,
    /// OTLP metrics in base64.
    OtlpMetrics,
}

/// What was received, what became of it, and what is kept. All counts are since the start.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// What listens, and where.
    pub listening: Vec<Listening>,
    /// Datagrams received, those that were dropped included.
    pub datagrams: u64,
    /// Datagrams received and given up because checking was behind.
    pub dropped: u64,
    /// Documents accepted.
    pub accepted: u64,
    /// Datagrams and documents refused, by reason; reasons that never occurred are left out.
    pub rejected: Vec<Rejected>,
    /// Bodies of OTLP traces: counted, not shown.
    pub otlp_traces: u64,
    /// Bodies of OTLP metrics: counted, not shown.
    pub otlp_metrics: u64,
    /// How the relay to X-Ray stands, where the receiver has one.
    pub relay: Option<RelayReport>,
    /// Datagrams that the kernel dropped before they could be read.
    pub kernel_drops: u64,
    /// Accepted documents lost because the pages held the store for too long.
    pub overflowed: u64,
    /// Documents that repeated another, or came in progress after the complete one.
    pub duplicates: u64,
    /// Traces that left to make room.
    pub evicted: u64,
    /// Traces kept.
    pub traces: usize,
    /// Documents kept.
    pub documents: usize,
    /// Bytes held by the traces kept.
    pub bytes: usize,
    /// The most bytes the traces may hold.
    pub max_bytes: usize,
    /// The latest refused bodies, newest first, cut short and with secrets masked.
    pub excerpts: Vec<Excerpt>,
}

impl Status {
    /// All refused together.
    #[must_use]
    pub fn rejected_total(&self) -> u64 {
        self.rejected.iter().map(|rejected| rejected.count).sum()
    }
}

/// A socket that feeds the console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Listening {
    /// Such as `X-Ray segments (UDP)`.
    pub what: String,
    /// Such as `127.0.0.1:2000`.
    pub address: String,
}

/// How a relay to X-Ray stands, and what became of the documents handed to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RelayReport {
    /// `off`, `searching`, `on` or `failing`.
    pub state: &'static str,
    /// Such as `eu-west-1`.
    pub region: Option<String>,
    /// The account of the credentials, if it could be told.
    pub account: Option<String>,
    /// The address of X-Ray, where it is not the usual one.
    pub endpoint: Option<String>,
    /// Why it is off, or what went wrong last.
    pub reason: Option<String>,
    /// Documents handed to the relay.
    pub taken: u64,
    /// Documents that X-Ray took.
    pub sent: u64,
    /// Documents that X-Ray gave back as unprocessed.
    pub unprocessed: u64,
    /// Documents that X-Ray refused.
    pub rejected: u64,
    /// Documents given up for their age, or left over at the stop.
    pub expired: u64,
    /// Documents given up because too much was waiting.
    pub dropped: u64,
    /// Documents that wait or are on their way.
    pub waiting: u64,
    /// Calls that were made again.
    pub retries: u64,
}

/// How often one reason occurred.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Rejected {
    /// Why.
    pub reason: Rejection,
    /// How often.
    pub count: u64,
}

/// The start of a refused body.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Excerpt {
    /// Why it was refused.
    pub reason: Rejection,
    /// At most 240 characters, with control characters written out.
    pub text: String,
    /// Length of the whole body in bytes.
    pub bytes: usize,
}

/// The live side of [`Status`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) datagrams: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) accepted: AtomicU64,
    pub(crate) overflowed: AtomicU64,
    otlp_traces: AtomicU64,
    otlp_metrics: AtomicU64,
    kernel_drops: AtomicU64,
    refused: Mutex<Refused>,
    listening: Mutex<Vec<Listening>>,
    relay: Mutex<Option<RelayReport>>,
    /// Reports of the relay that differed from the one before.
    relay_changes: AtomicU64,
}

#[derive(Debug, Default)]
struct Refused {
    counts: BTreeMap<&'static str, Rejected>,
    excerpts: VecDeque<Excerpt>,
}

impl Counters {
    pub(crate) fn other_kind(&self, kind: OtherKind) {
        let counter = match kind {
            OtherKind::OtlpTraces => &self.otlp_traces,
            OtherKind::OtlpMetrics => &self.otlp_metrics,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn kernel_drops(&self, total: u64) {
        self.kernel_drops.store(total, Ordering::Relaxed);
    }

    pub(crate) fn relay(&self, report: RelayReport) {
        let mut known = self.relay.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref() != Some(&report) {
            *known = Some(report);
            self.relay_changes.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn listening(&self, what: &str, address: &str) {
        let entry = Listening { what: what.to_owned(), address: address.to_owned() };
        let mut list = self.listening.lock().unwrap_or_else(PoisonError::into_inner);
        if !list.contains(&entry) {
            list.push(entry);
        }
    }

    pub(crate) fn rejected(&self, reason: Rejection, body: &[u8]) {
        let excerpt = Excerpt { reason, text: text::excerpt(body), bytes: body.len() };
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.counts.entry(reason.as_str()).or_insert(Rejected { reason, count: 0 }).count += 1;
        refused.excerpts.truncate(EXCERPTS - 1);
        refused.excerpts.push_front(excerpt);
    }

    /// Grows with whatever the status page shows of what came in.
    pub(crate) fn activity(&self) -> u64 {
        let counters = [
            &self.datagrams,
            &self.dropped,
            &self.accepted,
            &self.overflowed,
            &self.otlp_traces,
            &self.otlp_metrics,
            &self.kernel_drops,
            &self.relay_changes,
        ];
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        counters.iter().map(|counter| counter.load(Ordering::Relaxed)).sum::<u64>()
            + refused.counts.values().map(|rejected| rejected.count).sum::<u64>()
    }

    /// The counters; what is kept is for the store to fill in.
    pub(crate) fn snapshot(&self) -> Status {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        Status {
            listening: self.listening.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            datagrams: read(&self.datagrams),
            dropped: read(&self.dropped),
            accepted: read(&self.accepted),
            rejected: refused.counts.values().cloned().collect(),
            otlp_traces: read(&self.otlp_traces),
            otlp_metrics: read(&self.otlp_metrics),
            kernel_drops: read(&self.kernel_drops),
            overflowed: read(&self.overflowed),
            relay: self.relay.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            excerpts: refused.excerpts.iter().cloned().collect(),
            ..Status::default()
        }
    }
}
