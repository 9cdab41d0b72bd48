//! The sampling calls, passed on to X-Ray with their bodies as they are.

use super::backend::{Answer, Backend};
use super::{Relaying, relaying};
use crate::running::address;
use crate::support::ask;

fn call(relaying: &Relaying, path: &str, body: &str) -> (String, String) {
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
    let answer = ask(address(&relaying.first, "TCP"), &(head + body));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

#[test]
fn bodies_reach_the_service_and_come_back_as_they_are() {
    let backend = Backend::start();
    let relaying = Relaying::start(&backend);
    assert_eq!(relaying.rules, "sampling rules of X-Ray");
    // Fields that nobody knows yet, numbers as they were written, another order.
    let answer = r#"{ "New": [1.50, null], "SamplingRuleRecords": [] }"#;
    backend.answer_sampling(Answer::Status(200, "", answer.to_owned()));
    let asked = r#"{"Later": {"a": 1.0e0}, "NextToken": null}"#;
    for path in ["/GetSamplingRules", "/SamplingTargets"] {
        let (status, body) = call(&relaying, path, asked);
        assert_eq!((status.as_str(), body.as_str()), ("HTTP/1.1 200 OK", answer), "{path}");
    }
    let calls = backend.sampling_calls();
    let expected = ["/GetSamplingRules", "/SamplingTargets"];
    let expected: Vec<_> =
        expected.iter().map(|path| ((*path).to_owned(), asked.to_owned())).collect();
    assert_eq!(calls, expected);
}

#[test]
fn what_the_service_refuses_is_refused() {
    let backend = Backend::start();
    let relaying = Relaying::start(&backend);
    backend.answer_sampling(Answer::error(429, "ThrottledException"));
    let (status, body) = call(&relaying, "/GetSamplingRules", "{}");
    assert_eq!(status, "HTTP/1.1 429 Too Many Requests");
    assert!(body.contains("ThrottledException"), "{body}");
    backend.answer_sampling(Answer::Cut);
    let (status, body) = call(&relaying, "/GetSamplingRules", "{}");
    assert_eq!(status, "HTTP/1.1 502 Bad Gateway");
    assert!(body.contains("message"), "{body}");
}

#[test]
fn rules_of_a_file_hold_although_there_is_a_service() {
    let backend = Backend::start();
    let file = std::env::temp_dir().join(format!("xrayd-relay-rules-{}.json", std::process::id()));
    std::fs::write(&file, r#"[{"RuleName": "mine", "FixedRate": 1, "ReservoirSize": 0}]"#).unwrap();
    let name = file.to_str().unwrap();
    let mut command = relaying(&backend, &["-b", "127.0.0.1:0", "--sampling-rules", name]);
    let relaying = Relaying::spawn(&mut command);
    assert_eq!(relaying.rules, format!("sampling rules of {name}"));
    let (status, body) = call(&relaying, "/GetSamplingRules", "{}");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert!(body.contains("mine"), "{body}");
    assert_eq!(backend.sampling_calls(), []);
}
