//! What is measured, in the order of the table.

mod many;
mod ours;
mod peer;

/// Runs an operation so many times.
pub type Run = Box<dyn FnMut(u64)>;

/// What is done. Contenders for the same work stand under each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    HostsUnsampled,
    HostsSampled,
    PathsUnsampled,
    PathsSampled,
    ReservoirUsedUp,
    Rate,
    CallerDecided,
    CallerDecidedAlone,
    UnsampledRequest,
}

impl Work {
    pub const ALL: [Self; 9] = [
        Self::HostsUnsampled,
        Self::HostsSampled,
        Self::PathsUnsampled,
        Self::PathsSampled,
        Self::ReservoirUsedUp,
        Self::Rate,
        Self::CallerDecided,
        Self::CallerDecidedAlone,
        Self::UnsampledRequest,
    ];

    /// As the table and the official SDK's script name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HostsUnsampled => "decision: 50 rules, hosts differ, no",
            Self::HostsSampled => "decision: 50 rules, hosts differ, yes",
            Self::PathsUnsampled => "decision: 50 rules, paths differ, no",
            Self::PathsSampled => "decision: 50 rules, paths differ, yes",
            Self::ReservoirUsedUp => "decision: 50 rules, reservoir used up, no",
            Self::Rate => "decision: a rate of 5 % alone",
            Self::CallerDecided => "the caller said no: begin, end",
            Self::CallerDecidedAlone => "the caller said no: decision alone",
            Self::UnsampledRequest => "unsampled request",
        }
    }
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Ours {
        /// Instructions it took when the table was last brought up to date.
        instructions: u64,
    },
    Peer,
}

/// One contender for one work.
#[derive(Debug)]
pub struct Case {
    pub work: Work,
    pub by: &'static str,
    pub side: Side,
    make: fn() -> Run,
}

impl Case {
    /// The case of this [`id`](Self::id).
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        CASES.iter().find(|case| case.id() == id)
    }

    /// Sets up, which is not part of what is measured.
    #[must_use]
    pub fn make(&self) -> Run {
        (self.make)()
    }

    /// The name that selects it on a command line.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{} / {}", self.work.name(), self.by)
    }
}

const LOCAL: &str = "xray-core, local rules";
const CENTRAL: &str = "xray-core, rules of the service";
const OURS: &str = "xray-core";
const OTEL: &str = "opentelemetry_sdk";

const fn ours(work: Work, by: &'static str, instructions: u64, make: fn() -> Run) -> Case {
    Case { work, by, side: Side::Ours { instructions }, make }
}

const fn peer(work: Work, by: &'static str, make: fn() -> Run) -> Case {
    Case { work, by, side: Side::Peer, make }
}

/// Every case but the official SDK's, which runs in a process of its own.
pub static CASES: &[Case] = &[
    ours(Work::HostsUnsampled, LOCAL, 1_425, || ours::local(&many::hosts(0, many::NEVER))),
    ours(Work::HostsUnsampled, CENTRAL, 1_537, || ours::central(&many::hosts(0, many::NEVER))),
    ours(Work::HostsSampled, LOCAL, 1_425, || ours::local(&many::hosts(0, many::ALWAYS))),
    ours(Work::HostsSampled, CENTRAL, 1_537, || ours::central(&many::hosts(0, many::ALWAYS))),
    ours(Work::PathsUnsampled, LOCAL, 2_457, || ours::local(&many::paths(0, many::NEVER))),
    ours(Work::PathsUnsampled, CENTRAL, 2_569, || ours::central(&many::paths(0, many::NEVER))),
    ours(Work::PathsSampled, LOCAL, 2_457, || ours::local(&many::paths(0, many::ALWAYS))),
    ours(Work::PathsSampled, CENTRAL, 2_569, || ours::central(&many::paths(0, many::ALWAYS))),
    ours(Work::ReservoirUsedUp, LOCAL, 1_522, || ours::local(&many::hosts(1, many::NEVER))),
    ours(Work::ReservoirUsedUp, CENTRAL, 1_629, || ours::central(&many::hosts(1, many::NEVER))),
    ours(Work::Rate, LOCAL, 147, || ours::local(&many::none(0.05))),
    ours(Work::Rate, CENTRAL, 521, || ours::central(&many::none(0.05))),
    peer(Work::Rate, "opentelemetry_sdk, TraceIdRatioBased", peer::ratio),
    ours(Work::CallerDecided, OURS, 259, ours::caller_decided),
    peer(Work::CallerDecided, "opentelemetry_sdk, ParentBased", peer::caller_decided),
    peer(Work::CallerDecidedAlone, "opentelemetry_sdk, ParentBased", peer::caller_decided_alone),
    ours(Work::UnsampledRequest, OURS, 639, ours::unsampled_request),
    peer(Work::UnsampledRequest, OTEL, || peer::unsampled_request(false)),
    peer(Work::UnsampledRequest, "opentelemetry_sdk, asked first", || {
        peer::unsampled_request(true)
    }),
];

/// The operation, so many times in a row.
fn repeat(mut operation: impl FnMut() + 'static) -> Run {
    Box::new(move |times| (0..times).for_each(|_| operation()))
}

/// What a request brings along: a trace of a caller's, and a text that differs per request and is
/// therefore lent.
const TRACE: u128 = 0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793;
const PARENT: u64 = 0x5399_5c3f_42cd_8ad8;
const USER: &str = "user-4711";
const CHILDREN: [&str; 3] = ["payments", "database", "render"];
