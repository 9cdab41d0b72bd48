//! What was received arrives at X-Ray as it is, once.

use super::backend::Backend;
use super::{Relaying, check_balance, count, numbered};
use crate::support::document;

#[test]
fn documents_arrive_byte_for_byte() {
    let backend = Backend::start();
    let relaying = Relaying::start(&backend);
    let odd = document("orders").replace(
        "\"end_time\"",
        "\"unknown\" : [1.50, 1e3,\t-0.0, 12345678901234567890],\n \"a\":\"\\u00e9é\\/\\\"\u{2028}\", \"end_time\"",
    );
    let bodies = [
        document("orders"),
        format!("  {odd}\r\n"),
        document("日本語"),
        "T1SCgIKAA==".to_owned(),
        "T1UCgIKAA==\n".to_owned(),
    ];
    for body in &bodies {
        relaying.send(body);
    }
    // None of these is for X-Ray.
    for body in ["not json", "M1CgIKAA==", "{}"] {
        relaying.send(body);
    }
    assert_eq!(backend.taken(bodies.len()), bodies);
    let (balance, log) = relaying.stop();
    assert!(balance.starts_with("received 8 = accepted 3 + rejected 2 "), "{balance}");
    assert_eq!((count(&balance, "taken"), count(&balance, "sent")), (5, 5), "{balance}");
    check_balance(&balance);
    assert!(!log.contains("hush-hush"), "{log}");
}

#[test]
fn many_documents_leave_in_batches_of_50() {
    let backend = Backend::start();
    let relaying = Relaying::start(&backend);
    let sent: Vec<_> = (0..230).map(numbered).collect();
    for body in &sent {
        relaying.send(body);
    }
    let mut taken = backend.taken(sent.len());
    taken.sort();
    assert_eq!(taken, sent);
    let calls = backend.calls();
    assert!(calls.iter().all(|(_, documents)| documents.len() <= 50));
    assert!(calls.iter().filter(|(_, documents)| documents.len() == 50).count() >= 3, "full ones");
    check_balance(&relaying.stop().0);
}

#[test]
fn large_documents_leave_in_small_batches() {
    let backend = Backend::start();
    let relaying = Relaying::start(&backend);
    let text = "x".repeat(60_000);
    let sent: Vec<_> = (0..40).map(|number| numbered(number).replace("orders", &text)).collect();
    for body in &sent {
        relaying.send(body);
    }
    let mut taken = backend.taken(sent.len());
    taken.sort();
    assert!(taken == sent);
    for (_, documents) in backend.calls() {
        assert!(documents.iter().map(String::len).sum::<usize>() <= 1 << 20);
    }
}

#[test]
fn what_waits_leaves_at_the_stop() {
    let backend = Backend::start();
    let relaying = Relaying::start(&backend);
    let sent: Vec<_> = (0..60).map(numbered).collect();
    for body in &sent {
        relaying.send(body);
    }
    let (balance, _) = relaying.stop();
    assert_eq!(count(&balance, "sent"), 60, "{balance}");
    assert_eq!(backend.taken(60).len(), 60);
}
