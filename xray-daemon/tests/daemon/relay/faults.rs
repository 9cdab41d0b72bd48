//! A service that throttles, fails, hangs and refuses: what it takes it is sent once, and all else is counted.

use super::backend::{Answer, Backend};
use super::{Relaying, check_balance, count, numbered};

#[test]
fn what_may_pass_is_waited_for() {
    let cases = [
        (
            "throttled",
            Answer::error(429, "ThrottledException"),
            "HTTP 429 ThrottledException: so it is",
        ),
        (
            "throttled, the old way",
            Answer::error(400, "ThrottlingException"),
            "ThrottlingException",
        ),
        ("broken", Answer::error(500, "InternalFailure"), "HTTP 500 InternalFailure"),
        ("away", Answer::Status(503, "", "<html>".to_owned()), "HTTP 503"),
        ("no permission yet", Answer::error(403, "AccessDeniedException"), "AccessDeniedException"),
        ("keys out of date", Answer::error(400, "ExpiredTokenException"), "ExpiredTokenException"),
        ("a wrong address", Answer::error(404, "NotFound"), "HTTP 404"),
        ("cut off", Answer::Cut, "documents wait for X-Ray: "),
    ];
    for (name, answer, told) in cases {
        let backend = Backend::start();
        backend.script([answer.clone(), answer]);
        let relaying = Relaying::start(&backend);
        let sent: Vec<_> = (0..3).map(numbered).collect();
        for body in &sent {
            relaying.send(body);
        }
        assert_eq!(backend.taken(3), sent, "{name}");
        let (balance, log) = relaying.stop();
        assert_eq!(
            (count(&balance, "taken"), count(&balance, "sent")),
            (3, 3),
            "{name}: {balance}"
        );
        assert!(log.contains(told), "{name}: {log}");
        assert_eq!(log.matches("documents wait for X-Ray").count(), 1, "told once: {log}");
        // Nothing is sent twice needlessly: neither by the SDK's own retries nor by ours.
        let calls = backend.calls();
        assert_eq!(calls.len(), 3, "{name}");
        assert!(calls.iter().all(|(_, documents)| *documents == sent), "{name}");
    }
}

#[test]
fn a_service_that_hangs_is_asked_again() {
    let backend = Backend::start();
    backend.script([Answer::Hang]);
    let relaying = Relaying::start(&backend);
    relaying.send(&numbered(1));
    assert_eq!(backend.taken(1), [numbered(1)]);
    let (balance, log) = relaying.stop();
    assert_eq!(count(&balance, "sent"), 1, "{balance}");
    assert!(log.contains("no answer within 10 s"), "{log}");
}

#[test]
fn one_bad_document_does_not_take_the_others_along() {
    let backend = Backend::start();
    backend.poison(&format!("{:016x}", 17));
    let relaying = Relaying::start(&backend);
    for number in 0..50 {
        relaying.send(&numbered(number));
    }
    let mut taken = backend.taken(49);
    taken.sort();
    assert_eq!(taken, (0..50).filter(|&number| number != 17).map(numbered).collect::<Vec<_>>());
    let (balance, log) = relaying.stop();
    assert_eq!((count(&balance, "sent"), count(&balance, "rejected")), (49, 1), "{balance}");
    assert!(balance.contains("(InvalidRequestException 1)"), "{balance}");
    check_balance(&balance);
    assert!(log.contains("InvalidRequestException: so it is"), "{log}");
}

#[test]
fn unprocessed_documents_are_counted_named_and_sent_again_if_that_helps() {
    let backend = Backend::start();
    let entry = |number: usize, code: &str, message: &str| serde_json::json!({ "Id": format!("{number:016x}"), "ErrorCode": code, "Message": message });
    let answer = serde_json::json!({ "UnprocessedTraceSegments": [
        entry(2, "InvalidSegment", "line\nbreak \u{1b}[31m"),
        entry(3, "InvalidSegment", "quiet"),
        entry(4, "ThrottledException", ""),
    ] });
    backend.script([Answer::Status(200, "", answer.to_string())]);
    let relaying = Relaying::start(&backend);
    for number in 1..=5 {
        relaying.send(&numbered(number));
    }
    backend.wait_for_calls(2);
    let (balance, log) = relaying.stop();
    assert_eq!(backend.calls()[1], (200, vec![numbered(4)]));
    assert_eq!((count(&balance, "sent"), count(&balance, "unprocessed")), (3, 2), "{balance}");
    assert!(balance.contains("(InvalidSegment 2)"), "{balance}");
    check_balance(&balance);
    let told = r"the document 0000000000000002: InvalidSegment: line\u{a}break \u{1b}[31m";
    assert!(log.contains(told), "{log}");
    assert!(!log.contains("quiet"), "only the first of each code: {log}");
}

#[test]
fn what_is_left_at_the_stop_is_counted_and_named() {
    let backend = Backend::start();
    backend.always(Answer::error(503, "ServiceUnavailable"));
    let relaying = Relaying::start(&backend);
    for number in 0..7 {
        relaying.send(&numbered(number));
    }
    backend.wait_for_calls(1);
    let (balance, log) = relaying.stop();
    assert_eq!((count(&balance, "sent"), count(&balance, "expired")), (0, 7), "{balance}");
    check_balance(&balance);
    assert!(log.contains("stopped with 7 documents that X-Ray has not taken"), "{log}");
}
