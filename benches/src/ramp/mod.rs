//! How fast a program may trace requests before something is lost between it and `xrayd`.

mod daemon;

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::{
    Options, Section, build,
    machine::stamp,
    program::Program,
    table::{number, row, table},
    targets::target,
};

use daemon::{Counts, Daemon};

/// Requests a second of the first step, and the factor to the next one.
const FIRST: f64 = 8_000.0;
const GROWTH: f64 = 1.25;

/// How often the gap between the last good rate and the first bad one is halved.
const HALVINGS: usize = 3;

/// Milliseconds of a step, of the proof of the highest rate, and of the run at half of it.
const STEP: u64 = 3_000;
const PROOF: u64 = 10_000;
const RUN: u64 = 60_000;

/// A rate that fails its proof is lowered by this.
const LOWER: f64 = 0.95;

/// The part of a second by which `xrayd` may be behind at the end, and the part of a rate that has to be held.
const BEHIND: f64 = 0.1;
const HELD: f64 = 0.98;

const NOTES: &str = "\
- The producer traces the request of the first section through `xray-core`, as a program that says nothing but where the daemon is;
  `xrayd` is a process of its own with its own settings, its console on and its relay off. They share the machine, unpinned.
- A rate holds if the producer keeps it, `xrayd` has kept every document that was sent, nothing was dropped by the queue, the
  kernel, the hand-over or the console, nothing was rejected, and at the end of the step no more than the work of a tenth of a
  second was waiting.
";

/// One rate, held for some time.
#[derive(Debug)]
struct Step {
    wanted: f64,
    held: f64,
    sent: u64,
    /// Given up by the producer.
    lost: u64,
    counts: Counts,
    /// Documents that were sent and not settled when the producer was done.
    behind: u64,
    /// Seconds of the processor.
    producer: f64,
    xrayd: f64,
    bytes: f64,
}

pub(crate) fn run(_: &Options) -> Result<Section, String> {
    let xrayd = build::xrayd()?;
    let producer = build::sibling("bench-ramp")?;
    let mut steps = Vec::new();
    let mut try_rate = |rate: f64, time: u64| {
        let step = Pair::start(&xrayd, &producer)?.hold(rate, time)?;
        eprintln!("bench: {}", step.line());
        let holds = step.holds();
        steps.push(step);
        Ok::<_, String>(holds)
    };

    let (mut good, mut bad) = (0.0, FIRST);
    while try_rate(bad, STEP)? {
        (good, bad) = (bad, bad * GROWTH);
    }
    if good == 0.0 {
        return Err(format!("not even {FIRST} requests a second reach xrayd"));
    }
    for _ in 0..HALVINGS {
        let middle = (good + bad) / 2.0;
        if try_rate(middle, STEP)? { good = middle } else { bad = middle }
    }
    while !try_rate(good, PROOF)? {
        good *= LOWER;
    }
    let half = good / 2.0;
    let proven = try_rate(half, RUN)?;
    let last = steps.last().ok_or("no step")?;
    let text = format!(
        "{}\n\nHighest rate without loss, held for {} s: **{} requests/s**. At half of it, {} requests/s for {} s: \
         {} documents sent, {} received and kept, {} lost.\n\n{}\n{NOTES}",
        stamp(),
        PROOF / 1_000,
        number(good.round()),
        number(half.round()),
        RUN / 1_000,
        number(last.sent as f64),
        number(last.counts.accepted as f64),
        number((last.lost + last.sent - last.counts.accepted.min(last.sent)) as f64),
        steps_table(&steps),
    );
    let json = json!({
        "highest_per_s": good.round(),
        "half_per_s": half.round(),
        "half_sent": last.sent,
        "half_received": last.counts.received,
        "half_kept": last.counts.accepted,
        "half_holds": proven,
        "steps": steps.iter().map(Step::json).collect::<Vec<_>>(),
        "targets": [target(
            "xrayd: kept of sent, 60 s at half of the highest rate",
            true,
            1.0,
            if proven { 1.0 } else { last.counts.accepted as f64 / last.sent as f64 },
            "",
        )],
    });
    Ok(Section { title: "A ramp at xrayd".to_owned(), text, json })
}

/// A producer and `xrayd`, new for each step, so that none inherits what another one left behind.
struct Pair {
    daemon: Daemon,
    producer: Program,
}

impl Pair {
    fn start(xrayd: &Path, producer: &Path) -> Result<Self, String> {
        let daemon = Daemon::start(xrayd)?;
        let producer = Program::start("the producer", Command::new(producer).arg(&daemon.udp))?;
        Ok(Self { daemon, producer })
    }

    fn hold(mut self, rate: f64, time: u64) -> Result<Step, String> {
        let answer = self.producer.ask(&format!("{rate}\t{time}"))?;
        let now = self.daemon.counts()?;
        let figure = |name: &str| {
            answer[name].as_f64().ok_or_else(|| format!("no {name:?} in {answer} of the producer"))
        };
        let sent = figure("sent")? as u64;
        let begun = figure("begun")? as u64;
        let counts = self.daemon.settled(sent)?;
        let lost = figure("lost")? as u64;
        if begun != sent + lost {
            return Err(format!(
                "the producer does not know what became of its requests: {answer}"
            ));
        }
        let step = Step {
            wanted: rate,
            held: figure("rate")?,
            sent,
            lost,
            counts,
            behind: sent.saturating_sub(now.fates()),
            producer: figure("cpu_ns")? / 1e9,
            xrayd: self.daemon.seconds(),
            bytes: figure("bytes")? / sent as f64,
        };
        self.producer.end()?;
        Ok(step)
    }
}

impl Step {
    fn holds(&self) -> bool {
        self.fault().is_none()
    }

    /// What went wrong first on the way of the documents.
    fn fault(&self) -> Option<&'static str> {
        let Counts { received, accepted, rejected, dropped } = self.counts;
        if self.lost > 0 {
            Some("lost by the producer")
        } else if dropped > 0 || received != self.sent {
            Some("dropped on the way")
        } else if rejected > 0 || accepted != self.sent {
            Some("not kept")
        } else if self.behind as f64 > self.wanted * BEHIND {
            Some("xrayd behind")
        } else if self.held < self.wanted * HELD {
            Some("producer behind")
        } else {
            None
        }
    }

    fn cells(&self) -> Vec<String> {
        let each = |seconds: f64| number(seconds * 1e6 / self.sent as f64);
        vec![
            number(self.wanted.round()),
            number(self.held.round()),
            number(self.sent as f64),
            number(self.counts.accepted as f64),
            number((self.lost + self.counts.dropped) as f64),
            number(self.behind as f64),
            each(self.producer),
            each(self.xrayd),
            self.fault().unwrap_or("holds").to_owned(),
        ]
    }

    fn line(&self) -> String {
        self.cells().join("  ")
    }

    fn json(&self) -> Value {
        json!({
            "wanted_per_s": self.wanted.round(),
            "held_per_s": self.held.round(),
            "sent": self.sent,
            "received": self.counts.received,
            "kept": self.counts.accepted,
            "lost": self.lost,
            "dropped": self.counts.dropped,
            "behind": self.behind,
            "producer_us": self.producer * 1e6 / self.sent as f64,
            "xrayd_us": self.xrayd * 1e6 / self.sent as f64,
            "bytes": self.bytes,
            "fault": self.fault(),
        })
    }
}

fn steps_table(steps: &[Step]) -> String {
    let mut rows = vec![row([
        "requests/s wanted",
        "held",
        "sent",
        "kept",
        "lost",
        "behind at the end",
        "producer, us each",
        "xrayd, us each",
        "",
    ])];
    rows.extend(steps.iter().map(Step::cells));
    table(0, &rows)
}
