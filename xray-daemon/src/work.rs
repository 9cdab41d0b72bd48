//! The thread that checks what was received and hands it on.

use std::time::{Duration, Instant};

use xray_console::Console;

use crate::check::{Checked, check};
use crate::handover::{Block, Handover, Taken};
use crate::kernel::KernelDrops;

/// How often losses are reported.
const LOSS_INTERVAL: Duration = Duration::from_secs(1);

/// Checks until the hand-over is closed and empty.
pub(crate) fn run(handover: &Handover, console: Option<&Console>, drops: &KernelDrops) {
    let mut block = Block::default();
    let mut told = Instant::now();
    let mut lost = (0, 0);
    loop {
        let taken = handover.take(&mut block, LOSS_INTERVAL);
        for datagram in block.datagrams() {
            settle(datagram, handover, console);
        }
        if taken == Taken::Closed || told.elapsed() >= LOSS_INTERVAL {
            told = Instant::now();
            let now = (handover.stats().dropped, drops.read());
            if now != lost {
                lost = now;
                log::warn!(
                    "lost so far: {} datagrams because checking was behind, {} in the kernel",
                    lost.0,
                    lost.1
                );
            }
            if let Some(console) = console {
                console.kernel_drops(lost.1);
            }
        }
        if taken == Taken::Closed {
            return;
        }
    }
}

/// Finds the fate of one datagram, and counts it.
fn settle(datagram: &[u8], handover: &Handover, console: Option<&Console>) {
    match check(datagram) {
        Ok(Checked::Document(document)) => {
            if let Some(console) = console {
                console.receive(document);
            }
            handover.settle(|stats| stats.accepted += 1);
        }
        Ok(Checked::Other(kind)) => {
            if let Some(console) = console {
                console.other_kind(kind);
            }
            handover.settle(|stats| stats.other_kind(kind));
        }
        Err((reason, part)) => {
            if let Some(console) = console {
                console.rejected(reason, part);
            }
            if handover.settle(|stats| stats.reject(reason)) {
                log::warn!(
                    "rejected a datagram of {} bytes: {reason}. {} Further ones are only counted.",
                    datagram.len(),
                    reason.advice()
                );
            }
        }
    }
}
