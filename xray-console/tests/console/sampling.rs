//! The sampling page: rules and quotas of whoever answers sampling calls, and the recorders of the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use xray_console::{
    RefusedCalls, Sampling, SamplingClient, SamplingRule, SamplingService, SamplingSource,
};

use crate::pages::news;
use crate::support::{get, served};

/// Tells what it is told to tell.
struct Told {
    sampling: Sampling,
    activity: AtomicU64,
}

impl SamplingService for Told {
    fn sampling(&self) -> Sampling {
        self.sampling.clone()
    }

    fn activity(&self) -> u64 {
        self.activity.load(Ordering::Relaxed)
    }
}

fn told(sampling: Sampling) -> Arc<Told> {
    Arc::new(Told { sampling, activity: AtomicU64::new(0) })
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

fn rule(name: &str) -> SamplingRule {
    let any = || "*".to_owned();
    let mut rule = SamplingRule::default();
    rule.name = name.to_owned();
    rule.priority = 7;
    (rule.host, rule.http_method, rule.url_path) = (any(), any(), any());
    (rule.service_name, rule.service_type) = (any(), any());
    rule
}

fn client(id: &str, quota: u64, until: f64) -> SamplingClient {
    let mut client = SamplingClient::default();
    client.id = id.to_owned();
    (client.quota, client.until, client.reported) = (quota, until, now());
    client
}

/// The text of the page without its tags, blanks made one.
fn text(page: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for char in page.chars() {
        match char {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            _ if !inside => text.push(char),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shows(page: &str, pieces: &[&str]) {
    let text = text(page);
    for piece in pieces {
        assert!(text.contains(piece), "{piece} is not in {text}");
    }
}

#[test]
fn rules_quotas_and_clients_are_on_the_page() {
    let (console, server) = served();
    let mut hot = rule("hot");
    hot.http_method = "POST".to_owned();
    hot.url_path = "/hot/*".to_owned();
    hot.service_type = "AWS::ECS::Container".to_owned();
    (hot.reservoir, hot.quota, hot.rate) = (20, 15, 0.05);
    (hot.max_rate, hot.cooldown) = (Some(0.5), Some(10));
    (hot.requests, hot.sampled, hot.borrowed) = (2_000, 95, 5);
    hot.clients =
        vec![client("0123456789abcdef01234567", 15, now() + 600.0), client("gone", 3, 7.0)];
    let mut boosted = rule("boosted");
    (boosted.boost, boosted.boost_until) = (Some(0.25), Some(now() + 600.0));
    let mut sampling = Sampling::default();
    sampling.source = SamplingSource::File("/etc/rules.json".to_owned());
    sampling.rules = vec![hot, boosted, rule("Default")];
    (sampling.clients, sampling.departed) = (2, 4);
    sampling.refused = vec![RefusedCalls { reason: "not JSON".to_owned(), count: 1_234 }];
    console.sampling(told(sampling.clone()));

    let page = get(server.address(), "/sampling");
    assert_eq!(page.status, 200);
    shows(
        &page.body,
        &[
            "out of 3 rules in /etc/rules.json .",
            "Clients 2 known; 4 left to make room",
            "Requests 2,000",
            "Refused 1,234",
            "7 hot POST /hot/* type AWS::ECS::Container 15 of 20/s 5 % boost up to 50 %, 10 min apart 2,000 95 5 5 %",
            "2 clients",
            "0123456789abcdef01234567 15/s 10 min",
            "gone none ended 0 s ago",
            "boosted everything none 0 % boost 25 % · 9 min 5",
            "7 Default everything none 0 % 0 0 0 –",
            "not JSON 1,234",
        ],
    );
    let answer = get(server.address(), "/api/sampling").json();
    assert_eq!(answer, json!({ "sampling": sampling, "recorders": [] }));
    shows(
        &get(server.address(), "/status").body,
        &["out of 3 rules in /etc/rules.json . Rules and quotas"],
    );
}

#[test]
fn where_the_rules_come_from_is_said_in_words() {
    let said = |source, problem: Option<&str>| {
        let (console, server) = served();
        let mut sampling = Sampling::default();
        sampling.source = source;
        sampling.rules = vec![rule("Default")];
        sampling.problem = problem.map(str::to_owned);
        sampling.passed_problem = problem.map(str::to_owned);
        console.sampling(told(sampling));
        text(&get(server.address(), "/sampling").body)
    };
    let page = said(SamplingSource::BuiltIn, None);
    assert!(page.contains("the built-in rule Default : one request a second"), "{page}");
    assert!(!page.contains("cannot be used") && !page.contains("failed"), "{page}");
    let page = said(SamplingSource::Program, Some("rate <7>"));
    assert!(page.contains("out of one rule of the program"), "{page}");
    assert!(page.contains("the last good rules stay in force. rate &lt;7&gt;"), "{page}");
    let page = said(SamplingSource::Upstream, None);
    assert!(
        page.contains("AWS decides.") && page.contains("Calls 0 answered by the X-Ray service"),
        "{page}"
    );
    assert!(!page.contains("Reservoir"), "our own rules are not in force: {page}");
}

#[test]
fn without_anybody_the_page_says_so() {
    let (_, server) = served();
    shows(
        &get(server.address(), "/sampling").body,
        &[
            "Nobody here answers the sampling calls of SDKs.",
            "Recorders in this process None is shown here.",
        ],
    );
    let answer = get(server.address(), "/api/sampling").json();
    assert_eq!(answer, json!({ "sampling": null, "recorders": [] }));
    assert!(!get(server.address(), "/status").body.contains("/sampling\">Rules"));
}

/// As `Recorder::sampling_status` tells it.
fn status(source: &str, service: &Value) -> Value {
    json!({
        "source": source,
        "service": service,
        "rules": [{
            "name": "checkout", "priority": 3, "host": "shop", "http_method": "*", "url_path": "/checkout",
            "service_name": null, "service_type": null, "rate": 0.5, "reservoir": 10,
            "quota": 4, "quota_until": now() + 600.0, "boost": null, "boost_until": null,
            "requests": 100, "taken": 10, "borrowed": 2, "by_rate": 38, "not_sampled": 50,
        }],
    })
}

#[test]
fn recorders_say_whose_rules_decide() {
    let (console, server) = served();
    let service = |age: Option<f64>, error: Option<&str>| {
        json!({
            "address": "127.0.0.1:2000", "rules_age": age, "calls": 31, "errors": 2, "last_error": error,
        })
    };
    let mut unasked = service(None, None);
    unasked["calls"] = json!(0);
    unasked["errors"] = json!(0);
    let statuses = [
        ("web", status("central", &service(Some(12.5), None))),
        ("orders", status("fallback", &service(None, Some("refused <b>")))),
        ("idle", status("fallback", &unasked)),
        ("worker", status("local", &Value::Null)),
        ("cron", status("off", &Value::Null)),
    ];
    for (name, status) in statuses.clone() {
        let status: xray_core::sample::SamplingStatus = serde_json::from_value(status).unwrap();
        // The later one of a name takes the place of the earlier.
        let empty = serde_json::from_value(json!({"source": "off", "rules": [], "service": null}));
        let empty: xray_core::sample::SamplingStatus = empty.unwrap();
        console.recorder(name, move || empty.clone());
        console.recorder(name, move || status.clone());
    }
    shows(
        &get(server.address(), "/sampling").body,
        &[
            "web Central. The rules of the service at 127.0.0.1:2000 decide. It last gave rules 12 s ago. 31 calls, of which 2 failed.",
            "3 checkout /checkout host shop 4 of 10/s · 10 min",
            "50 % 100 10 2 38 50 50 %",
            "orders Fallback. The rules of this process decide: the service at 127.0.0.1:2000 has given none yet",
            "It has given no rules yet. 31 calls, of which 2 failed. The last call failed: refused &lt;b&gt;",
            "3 checkout /checkout host shop 10/s",
            "idle Waiting. No request has needed a decision yet: the service at 127.0.0.1:2000 is asked when one does.",
            "worker Local. The rules of this process decide, and no others are asked for.",
            "cron Off. The environment has switched recording off",
        ],
    );
    let answer = get(server.address(), "/api/sampling").json();
    let expected: Vec<_> =
        statuses.iter().map(|(name, status)| json!({ "name": name, "status": status })).collect();
    assert_eq!(answer["recorders"], json!(expected));
}

#[test]
fn a_call_is_news_for_the_pages() {
    let (console, server) = served();
    let told = told(Sampling::default());
    console.sampling(Arc::clone(&told) as _);
    let mut lines = news(&server);
    assert!(lines.any(|line| line == "event: change"), "the first comes at once");
    told.activity.fetch_add(1, Ordering::Relaxed);
    assert!(lines.any(|line| line == "event: change"));
}

/// Whatever a file or a client can say.
#[test]
fn hostile_texts_are_shown_and_nothing_more() {
    for attack in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "nul \0 bidi \u{202e}",
        &"long".repeat(15_000),
    ] {
        let (console, server) = served();
        let mut hostile = rule(attack);
        for text in [
            &mut hostile.host,
            &mut hostile.http_method,
            &mut hostile.url_path,
            &mut hostile.service_name,
            &mut hostile.service_type,
        ] {
            *text = attack.to_owned();
        }
        (hostile.rate, hostile.requests) = (f64::NAN, u64::MAX);
        (hostile.sampled, hostile.borrowed) = (u64::MAX, u64::MAX);
        (hostile.boost, hostile.boost_until) = (Some(f64::INFINITY), Some(f64::NAN));
        (hostile.quota, hostile.reservoir) = (u64::MAX, 1);
        hostile.clients = vec![client(attack, u64::MAX, f64::INFINITY); 80];
        hostile.known_clients = 1_080;
        let mut sampling = Sampling::default();
        sampling.source = SamplingSource::File(attack.to_owned());
        (sampling.problem, sampling.passed_problem) =
            (Some(attack.to_owned()), Some(attack.to_owned()));
        sampling.rules = vec![hostile.clone(), hostile];
        sampling.changed = f64::NAN;
        console.sampling(told(sampling));
        let mut recorder = status(
            "central",
            &json!({ "address": attack, "rules_age": 1e308, "calls": 1, "errors": 1, "last_error": attack }),
        );
        for key in ["name", "host", "http_method", "url_path", "service_name", "service_type"] {
            recorder["rules"][0][key] = json!(attack);
        }
        let recorder: xray_core::sample::SamplingStatus = serde_json::from_value(recorder).unwrap();
        console.recorder(attack, move || recorder.clone());
        for path in ["/sampling", "/status"] {
            let answer = get(server.address(), path);
            assert_eq!(answer.status, 200, "{path} {attack:.40}");
            for tag in ["<script>", "<img", "\0", "\u{202e}"] {
                assert!(!answer.body.contains(tag), "{path} holds {tag}");
            }
            assert!(answer.body.len() < 350_000, "{path} is cut: {}", answer.body.len());
        }
        assert!(
            get(server.address(), "/sampling").body.contains("and 1,030 that have been silent")
        );
        assert!(get(server.address(), "/api/sampling").json().is_object());
    }
}
