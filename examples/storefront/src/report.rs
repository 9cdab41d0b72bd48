//! What was done, sent and received: the live line and the last word.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use serde::Serialize;
use xray_console::{Console, Window};
use xray_daemon::Stats as Received;
use xray_tower::Recorder;

/// The figures of this moment.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    console_url: &'a str,
    /// What the visitor got an answer for.
    requests: u64,
    /// Datagrams.
    segments_sent: u64,
    segments_received: u64,
    rejected: u64,
    /// Dropped by a recorder or by the daemon, or sent and never received.
    pub(crate) lost: u64,
    nodes: Vec<Node>,
    traces: usize,
}

/// A node of the service map.
#[derive(Debug, Serialize)]
struct Node {
    name: String,
    /// Such as `client` or `Database::SQL`; none for a service, which has no type on one's own machine.
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(
        console_url: &'a str,
        requests: u64,
        recorders: &[Recorder],
        received: &Received,
        console: &Console,
    ) -> Self {
        let stats: Vec<_> = recorders.iter().map(Recorder::stats).collect();
        let segments_sent = stats.iter().map(|stats| stats.sent).sum::<u64>();
        let dropped = stats.iter().map(|stats| stats.dropped()).sum::<u64>();
        let status = console.status();
        let nodes = console.graph(Window::All).nodes.into_iter();
        Self {
            console_url,
            requests,
            segments_sent,
            segments_received: received.received,
            rejected: received.rejected_total(),
            lost: dropped
                + received.dropped
                + status.overflowed
                // Another program may send to the same daemon.
                + segments_sent.saturating_sub(received.received),
            nodes: nodes.map(|node| Node { name: node.name, kind: node.kind }).collect(),
            traces: status.traces,
        }
    }
}

impl fmt::Display for Report<'_> {
    /// Without `lost`: while the shop is open, what is on its way would count as such.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, segments_sent, traces, .. } = self;
        let nodes = self.nodes.len();
        write!(f, "{requests} requests, {segments_sent} segments, {traces} traces, {nodes} nodes")
    }
}

/// One line that is written again and again: in place on a terminal, else now and then a new one.
#[derive(Debug)]
pub(crate) struct LiveLine {
    begin: Instant,
    in_place: bool,
}

impl LiveLine {
    pub(crate) fn new() -> Self {
        Self { begin: Instant::now(), in_place: io::stdout().is_terminal() }
    }

    /// How often to [`show`](Self::show).
    pub(crate) fn period(&self) -> Duration {
        if self.in_place { Duration::from_millis(500) } else { Duration::from_secs(5) }
    }

    pub(crate) fn show(&self, report: &Report<'_>) {
        let seconds = self.begin.elapsed().as_secs();
        if self.in_place {
            // To the first column, and clear what the line before was longer.
            print(format_args!("\r\x1b[2K{seconds} s: {report}"));
        } else {
            print(format_args!("{seconds} s: {report}\n"));
        }
    }
}

/// On stdout; a closed pipe is no reason to end.
pub(crate) fn print(text: fmt::Arguments<'_>) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_fmt(text).and_then(|()| stdout.flush());
}
