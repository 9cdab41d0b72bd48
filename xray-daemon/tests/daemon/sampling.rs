//! The sampling calls over real TCP, as the SDKs make them and as strangers would.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use xray_daemon::{Daemon, SamplingRules};

use crate::support::{self, FREE, Receiver, until};

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

/// What the console tells of it.
fn sampling(receiver: &Receiver) -> Value {
    let listener = std::net::TcpListener::bind(FREE).unwrap();
    let pages = receiver.console.serve(listener).unwrap();
    let answer = support::get(pages.address(), "/api/sampling");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str::<Value>(body).unwrap()["sampling"].take()
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

#[test]
fn a_report_that_breaks_a_limit_is_refused_as_a_whole() {
    let receiver = with_rules(&json!([{ "RuleName": "hot", "ReservoirSize": 3, "FixedRate": 0 }]));
    let mut short = statistics("hot", CLIENT, 1);
    short["ClientID"] = json!("0123");
    let sound = statistics("hot", CLIENT, 1);
    let hostile = [
        (
            report(&receiver, &[sound.clone(), short]),
            "/SamplingStatisticsDocuments/1/ClientID must be a text of exactly 24 characters",
        ),
        (
            report(&receiver, &vec![sound.clone(); 26]),
            "/SamplingStatisticsDocuments holds 26 elements, 25 at most are allowed",
        ),
        (post(&receiver, "/SamplingTargets", ""), "/SamplingStatisticsDocuments is missing"),
        (
            post(&receiver, "/SamplingTargets", "{\"SamplingStatisticsDocuments\":[NaN]}"),
            "the document is not JSON: expected value at line 1 column 33",
        ),
        (
            post(&receiver, "/SamplingTargets", &"[".repeat(900_000)),
            "the document is not JSON: recursion limit exceeded at line 1 column 128",
        ),
        (
            post(&receiver, "/GetSamplingRules", "{\"NextToken\":\"x\"}"),
            "/NextToken is unknown: there is one page only",
        ),
        (
            post(&receiver, "/GetSamplingRules", "\u{0}"),
            "the document is not JSON: expected value at line 1 column 1",
        ),
    ];
    let refused = hostile.len() as u64;
    for (answer, message) in hostile {
        assert_eq!(answer.status, "400 Bad Request", "{message}");
        assert!(
            answer.head.contains("x-amzn-errortype: invalidrequestexception"),
            "{}",
            answer.head
        );
        assert_eq!(answer.body, json!({ "message": message }));
    }
    // Nothing of it was counted, and the daemon goes on.
    let state = sampling(&receiver);
    assert_eq!((&state["clients"], &state["rules"][0]["requests"]), (&json!(0), &json!(0)));
    assert_eq!(
        state["refused"],
        json!([{ "reason": "the body is not what the call takes", "count": refused }])
    );
    assert_eq!(report(&receiver, &[sound]).status, "200 OK");
}

#[test]
fn strangers_are_refused_and_counted_for_their_reason() {
    let receiver = Receiver::start();
    let rules = "POST /GetSamplingRules HTTP/1.1\r\n";
    let cases = [
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), "404 Not Found"),
        ("POST /TraceSegments HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n".to_owned(), "404 Not Found"),
        ("POST /GetSamplingRules/../CreateGroup HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n".to_owned(), "404 Not Found"),
        ("GET /GetSamplingRules HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), "405 Method Not Allowed"),
        (format!("{rules}Host: localhost\r\nContent-Length: 2000000\r\n\r\n"), "413 Payload Too Large"),
        (format!("{rules}Host: evil.example\r\nContent-Length: 2\r\n\r\n{{}}"), "403 Forbidden"),
        (format!("{rules}Content-Length: 2\r\n\r\n{{}}"), "403 Forbidden"),
        (format!("{rules}Host: localhost\r\nOrigin: http://evil.example\r\nContent-Length: 2\r\n\r\n{{}}"), "403 Forbidden"),
        (format!("{rules}Host: localhost\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{{}}"), "415 Unsupported Media Type"),
    ];
    for (request, expected) in &cases {
        let answer = ask(&receiver, request);
        assert_eq!(answer.status, *expected, "{request:?}");
        assert!(answer.body["message"].is_string(), "{request:?}");
    }
    assert_eq!(ask(&receiver, "\x16\x03\x01 not http\r\n\r\n").status, "400 Bad Request");
    let count = |reason: &str, count: u64| json!({ "reason": reason, "count": count });
    assert_eq!(
        sampling(&receiver)["refused"],
        json!([
            count("a page of a browser asks: requests with an Origin are refused", 1),
            count("the Host is not this machine: localhost, 127.0.0.1 and [::1] are known", 2),
            count("the content type is not JSON", 1),
            count("only POST /GetSamplingRules and /SamplingTargets are known here", 3),
            count("POST is the only method here", 1),
            count("the body is longer than 1 MiB", 1),
        ])
    );
}

#[test]
fn every_way_in_which_sdks_ask_is_answered() {
    let receiver = Receiver::start();
    let address = receiver.daemon.tcp_addr();
    for kind in [
        "",
        "Content-Type: application/json\r\n",
        "Content-Type: application/x-amz-json-1.1\r\n",
        "Content-Type: application/json; charset=utf-8\r\n",
    ] {
        for host in [address.to_string(), "localhost:2000".to_owned(), "127.0.0.1".to_owned()] {
            let request = format!(
                "POST /GetSamplingRules HTTP/1.1\r\nHost: {host}\r\n{kind}Content-Length: 2\r\n\r\n{{}}"
            );
            assert_eq!(ask(&receiver, &request).status, "200 OK", "{request}");
        }
    }
    let chunked = "POST /GetSamplingRules HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    assert_eq!(ask(&receiver, chunked).status, "200 OK");
    // Where other machines may ask, they do it by whatever name they know.
    let open = Daemon::builder().udp(FREE).tcp("0.0.0.0:0".parse().unwrap()).start().unwrap();
    let port = open.tcp_addr().port();
    let named =
        "POST /GetSamplingRules HTTP/1.1\r\nHost: xray-daemon:2000\r\nContent-Length: 2\r\n\r\n{}";
    let answer = support::ask(([127, 0, 0, 1], port).into(), named);
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[test]
fn many_clients_share_one_reservoir_and_the_console_shows_it() {
    let rules =
        json!([{ "RuleName": "hot", "ReservoirSize": 20, "FixedRate": 0.5, "URLPath": "/hot/*" }]);
    let receiver = with_rules(&rules);
    let quotas: u64 = std::thread::scope(|scope| {
        let ask = |client: u32| {
            let id = format!("{client:024x}");
            let answer = report(&receiver, &[statistics("hot", &id, 100 + client)]);
            answer.body["SamplingTargetDocuments"][0]["ReservoirQuota"].as_u64().unwrap()
        };
        let clients: Vec<_> = (0..40).map(|client| scope.spawn(move || ask(client))).collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    assert_eq!(quotas, 20);
    let mut state = sampling(&receiver);
    let rule = state["rules"][0].take();
    assert_eq!(
        (&rule["name"], &rule["url_path"], &rule["quota"], &rule["requests"], &rule["borrowed"]),
        (&json!("hot"), &json!("/hot/*"), &json!(20), &json!(4_780), &json!(40))
    );
    let clients = rule["clients"].as_array().unwrap();
    assert_eq!(clients.len(), 40);
    assert_eq!(clients.iter().map(|client| client["quota"].as_u64().unwrap()).sum::<u64>(), 20);
    assert_eq!((&state["source"], &state["targets_calls"]), (&json!("program"), &json!(40)));
}

/// The interval is for tests; an SDK takes whatever it is told.
#[test]
fn the_interval_is_for_the_program_to_say() {
    let interval = std::time::Duration::from_millis(1_900);
    let receiver = Receiver::started(Daemon::builder().sampling_interval(interval));
    let before = now().floor();
    let mut answer = report(&receiver, &[statistics("Default", CLIENT, 1)]);
    let until = take(&mut answer.body, "/SamplingTargetDocuments/0/ReservoirQuotaTTL");
    assert!((before + 3.0..=now().floor() + 3.0).contains(&until), "{until}");
    assert_eq!(answer.body["SamplingTargetDocuments"][0]["Interval"], 1);
}

#[test]
fn the_example_of_the_documentation_is_a_rules_file() {
    let page = include_str!("../../../docs/sampling-rules.md");
    let (_, example) = page.split_once("```json\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let rules: SamplingRules = example.parse().unwrap();
    assert_eq!(rules.names().collect::<Vec<_>>(), ["health checks", "checkout", "Default"]);
}

/// A file of rules that is written anew under the eyes of the daemon.
struct RulesFile(PathBuf);

impl RulesFile {
    fn new(name: &str, content: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("{name}-{}.json", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Self(path)
    }

    fn write(&self, content: &str) {
        std::fs::write(&self.0, content).unwrap();
    }
}

impl Drop for RulesFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn names(receiver: &Receiver) -> Vec<String> {
    let answer = post(receiver, "/GetSamplingRules", "{}").body;
    let records = answer["SamplingRuleRecords"].as_array().unwrap().clone();
    records
        .iter()
        .map(|record| record["SamplingRule"]["RuleName"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_file_that_changes_is_read_again_and_a_bad_one_changes_nothing() {
    let rule =
        |name: &str| json!([{ "RuleName": name, "ReservoirSize": 1, "FixedRate": 0 }]).to_string();
    let file = RulesFile::new("reload", &rule("first"));
    let receiver = Receiver::started(Daemon::builder().sampling_rules_file(&file.0));
    let problem = || sampling(&receiver)["problem"].as_str().map(str::to_owned);
    assert_eq!(names(&receiver), ["first", "Default"]);
    assert_eq!(problem(), None);
    let shown = file.0.display().to_string();
    assert_eq!(sampling(&receiver)["source"], json!({ "file": shown }));

    file.write(&rule("the second"));
    until(|| names(&receiver) == ["the second", "Default"]);

    file.write(&rule("third").replace("\"FixedRate\":0", "\"FixedRate\":7"));
    until(|| problem().is_some());
    assert_eq!(
        problem().unwrap(),
        format!("sampling rules in {shown}: /0/FixedRate must be a number from 0 to 1")
    );
    assert_eq!(names(&receiver), ["the second", "Default"]);

    std::fs::remove_file(&file.0).unwrap();
    until(|| problem().is_some_and(|problem| problem.contains("cannot read")));
    assert_eq!(names(&receiver), ["the second", "Default"]);

    file.write(&rule("third"));
    until(|| problem().is_none());
    assert_eq!(names(&receiver), ["third", "Default"]);
}
