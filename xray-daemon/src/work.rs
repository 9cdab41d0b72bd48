//! The thread that checks what was received and hands it on.

use std::time::{Duration, Instant};

use xray_console::Console;

use crate::check::{Checked, check};
use crate::handover::{Block, Handover, Taken};
use crate::kernel::KernelDrops;

/// How often the console is told what the kernel dropped.
const KERNEL_INTERVAL: Duration = Duration::from_secs(1);

/// Checks until the hand-over is closed and empty.
pub(crate) fn run(handover: &Handover, console: Option<&Console>, drops: &KernelDrops) {
    let mut block = Block::default();
    let mut told = Instant::now();
    loop {
        let taken = handover.take(&mut block, KERNEL_INTERVAL);
        for datagram in block.datagrams() {
            settle(datagram, handover, console);
        }
        if taken == Taken::Closed || told.elapsed() >= KERNEL_INTERVAL {
            told = Instant::now();
            if let Some(console) = console {
                console.kernel_drops(drops.read());
            }
        }
        if taken == Taken::Closed {
            return;
        }
    }
}

/// Finds the fate of one datagram, and counts it.
fn settle(datagram: &[u8], handover: &Handover, console: Option<&Console>) {
    if let Some(console) = console {
        console.received_datagram();
    }
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
