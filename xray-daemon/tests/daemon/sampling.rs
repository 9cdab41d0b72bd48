//! The sampling calls over real TCP, as the SDKs make them and as strangers would.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use xray_daemon::{Daemon, SamplingRules};

use crate::support::{self, Receiver};

const CLIENT: &str = "0123456789abcdef01234567";

/// An answer: status line, head and body.
struct Answer {
    status: String,
    head: String,
    body: Value,
}

fn ask(receiver: &Receiver, request: &str) -> Answer {
    let answer = support::ask(receiver.daemon.tcp_addr(), request);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let (status, _) = head.split_once("\r\n").unwrap();
    Answer {
        status: status.trim_start_matches("HTTP/1.1 ").to_owned(),
        head: head.to_ascii_lowercase(),
        body: serde_json::from_str(body).unwrap_or(Value::Null),
    }
}

fn post(receiver: &Receiver, path: &str, body: &str) -> Answer {
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
    ask(receiver, &(head + body))
}

fn with_rules(rules: &Value) -> Receiver {
    let rules: SamplingRules = rules.to_string().parse().unwrap();
    Receiver::started(Daemon::builder().sampling_rules(rules))
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// The number at the pointer, taken out of the answer so that the rest can be compared.
fn take(answer: &mut Value, pointer: &str) -> f64 {
    answer.pointer_mut(pointer).map(Value::take).and_then(|value| value.as_f64()).unwrap()
}

/// What a client reports.
fn statistics(rule: &str, client: &str, requests: u32) -> Value {
    json!({
        "RuleName": rule, "ClientID": client, "Timestamp": 1_600_000_000,
        "RequestCount": requests, "SampledCount": 0, "BorrowCount": 1,
    })
}

fn report(receiver: &Receiver, documents: &[Value]) -> Answer {
    let body = json!({ "SamplingStatisticsDocuments": documents });
    post(receiver, "/SamplingTargets", &body.to_string())
}

#[test]
fn without_a_file_there_is_the_rule_that_every_account_has() {
    let before = now();
    let receiver = Receiver::start();
    for body in ["{}", "{\"NextToken\":null}", ""] {
        let mut answer = post(&receiver, "/GetSamplingRules", body);
        assert_eq!(answer.status, "200 OK");
        assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
        for time in ["CreatedAt", "ModifiedAt"] {
            let time = take(&mut answer.body, &format!("/SamplingRuleRecords/0/{time}"));
            assert!((before..=now()).contains(&time), "{time}");
        }
        assert_eq!(
            answer.body,
            json!({
                "SamplingRuleRecords": [{
                    "SamplingRule": {
                        "RuleName": "Default",
                        "RuleARN": "arn:aws:xray:local:000000000000:sampling-rule/Default",
                        "ResourceARN": "*",
                        "Priority": 10_000,
                        "FixedRate": 0.05,
                        "ReservoirSize": 1,
                        "ServiceName": "*",
                        "ServiceType": "*",
                        "Host": "*",
                        "HTTPMethod": "*",
                        "URLPath": "*",
                        "Version": 1,
                        "Attributes": {},
                    },
                    "CreatedAt": null,
                    "ModifiedAt": null,
                }],
                "NextToken": null,
            })
        );
    }
}

#[test]
fn targets_carry_a_quota_and_name_the_rules_that_are_gone() {
    let before = now();
    let receiver = with_rules(&json!([
        { "RuleName": "hot", "Priority": 7, "ReservoirSize": 3, "FixedRate": 0.25 },
    ]));
    let documents = [
        statistics("hot", CLIENT, 845),
        statistics("gone", CLIENT, 1),
        statistics("Default", CLIENT, 2),
    ];
    let mut answer = report(&receiver, &documents);
    assert_eq!(answer.status, "200 OK");
    for index in [0, 1] {
        let until =
            take(&mut answer.body, &format!("/SamplingTargetDocuments/{index}/ReservoirQuotaTTL"));
        assert!((before.floor() + 12.0..=now().floor() + 12.0).contains(&until), "{until}");
    }
    let modified = take(&mut answer.body, "/LastRuleModification");
    assert!((before..=now().ceil()).contains(&modified), "{modified}");
    assert_eq!(
        answer.body,
        json!({
            "SamplingTargetDocuments": [
                {
                    "RuleName": "hot", "FixedRate": 0.25,
                    "ReservoirQuota": 3, "ReservoirQuotaTTL": null, "Interval": 10,
                },
                {
                    "RuleName": "Default", "FixedRate": 0.05,
                    "ReservoirQuota": 1, "ReservoirQuotaTTL": null, "Interval": 10,
                },
            ],
            "LastRuleModification": null,
            "UnprocessedStatistics": [{
                "RuleName": "gone", "ErrorCode": "400", "Message": "there is no rule of this name",
            }],
        })
    );
}
