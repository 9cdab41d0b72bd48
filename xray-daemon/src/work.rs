//! The thread that checks what was received and hands it on.

use std::string::FromUtf8Error;
use std::time::{Duration, Instant};

use xray_console::{Console, OtherKind};

use crate::check::{Checked, check};
use crate::handover::{Block, Handover, Taken};
use crate::kernel::KernelDrops;

/// How often losses are reported.
const LOSS_INTERVAL: Duration = Duration::from_secs(1);

/// Takes a body that goes on to X-Ray. It never waits.
pub(crate) type Forward = Box<dyn Fn(Body) + Send>;

/// A body as it was received. OTLP in base64 is not decoded here, so nobody has looked at its bytes before.
pub(crate) type Body = Result<String, FromUtf8Error>;

/// Checks until the hand-over is closed and empty.
pub(crate) fn run(
    handover: &Handover,
    console: Option<&Console>,
    forward: Option<&Forward>,
    drops: &KernelDrops,
) {
    let mut block = Block::default();
    let mut told = Instant::now();
    let mut lost = (0, 0);
    loop {
        let taken = handover.take(&mut block, LOSS_INTERVAL);
        for datagram in block.datagrams() {
            settle(datagram, handover, console, forward);
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
fn settle(
    datagram: &[u8],
    handover: &Handover,
    console: Option<&Console>,
    forward: Option<&Forward>,
) {
    // Handed on while the counts are held, so that those of the relay agree with them in every copy.
    let pass = |body: Option<Body>| {
        if let (Some(forward), Some(body)) = (forward, body) {
            forward(body);
        }
    };
    match check(datagram) {
        Ok(Checked::Document(document, body)) => {
            let body = forward.map(|_| String::from_utf8(body.to_vec()));
            if let Some(console) = console {
                console.receive(document);
            }
            handover.settle(|stats| {
                stats.accepted += 1;
                pass(body);
            });
        }
        Ok(Checked::Other(kind, body)) => {
            // The original relays OTLP traces as they are.
            let relayed = kind == OtherKind::OtlpTraces;
            let body = forward.filter(|_| relayed).map(|_| String::from_utf8(body.to_vec()));
            if let Some(console) = console {
                console.other_kind(kind);
            }
            handover.settle(|stats| {
                stats.other_kind(kind);
                pass(body);
            });
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

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn what_is_handed_on_agrees_with_the_counts_in_every_copy() {
        let bodies = [
            r#"{"name":"orders","id":"70de5b6f19ff9a0a","trace_id":"1-581cf771-a006649127e371903a2de979","start_time":1,"end_time":2}"#,
            "T1SCgIKAA==",
            "M1CgIKAA==",
            "not json",
        ];
        let handover = Handover::default();
        let drops = KernelDrops::of(&UdpSocket::bind("127.0.0.1:0").unwrap());
        let taken = Arc::new(AtomicU64::new(0));
        let forward: Forward = {
            let taken = Arc::clone(&taken);
            Box::new(move |body| {
                let body = body.unwrap();
                assert!(body.starts_with('{') || body.starts_with("T1S"));
                taken.fetch_add(1, Ordering::Relaxed);
            })
        };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..4_000 {
                    let body = bodies[number % bodies.len()];
                    let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{body}");
                    handover.push([datagram.as_bytes()].into_iter());
                }
                handover.close();
            });
            let (shared, drops) = (&handover, &drops);
            let checking = scope.spawn(move || run(shared, None, Some(&forward), drops));
            while !checking.is_finished() {
                let mut now = 0;
                let stats = handover.stats_and(|_| now = taken.load(Ordering::Relaxed));
                assert_eq!(now, stats.accepted + stats.otlp_traces);
            }
        });
        assert_eq!(taken.load(Ordering::Relaxed), 2_000);
    }
}
