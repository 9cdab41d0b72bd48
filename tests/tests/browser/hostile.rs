//! Datagrams whose every string is an attack on the page that shows it.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use xray_tests::{Child, Xrayd, browser_script, until};

const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";

/// What runs if a page takes text for anything but text. The watcher notices when `attacked` is set.
const ATTACKS: [&str; 12] = [
    "<script>globalThis.attacked = true; alert(1)</script>",
    "</script><script>globalThis.attacked = true</script>",
    "<img src=x onerror=\"globalThis.attacked = true\">",
    "\"><svg onload=\"globalThis.attacked = true\">",
    "' onmouseover='globalThis.attacked = true' style='position:fixed;inset:0",
    "javascript:globalThis.attacked=true",
    "<iframe srcdoc=\"<script>parent.attacked = true</script>\"></iframe>",
    "<link rel=stylesheet href=http://attack.invalid/a.css><base href=http://attack.invalid/>",
    "data: {}\n\nevent: trace\nid: 1\r\n\r\n]]><!--",
    "\u{0}\u{1}\u{7f}\u{202e}txt.exe\u{2066}\u{feff}",
    "__proto__",
    "%3Cscript%3E%00/../../etc/passwd?a=1#\u{1f600}",
];

#[test]
fn hostile_strings_stay_text() {
    let xrayd = Xrayd::start();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
    let (accepted, rejected) = (accepted(now), rejected(now));
    for datagram in accepted.iter().chain(&rejected) {
        xrayd.send(datagram);
    }
    let total = accepted.len() + rejected.len();
    let stats = until("the datagrams", || {
        let stats = xrayd.stats();
        (stats.received == total as u64 && stats.queued == 0).then_some(stats)
    });
    assert_eq!(stats.accepted, accepted.len() as u64, "{stats}");
    assert_eq!(stats.rejected_total(), rejected.len() as u64, "{stats}");

    let mut command = browser_script("hostile.mjs");
    command.arg(xrayd.url());
    let mut visitor = Child::spawn(command);
    let end = loop {
        let line = visitor.line();
        if line["step"] == "end" {
            break line;
        }
    };

    assert_eq!(end["problems"], json!([]));
    assert_eq!(end["seen"]["traces"], accepted.len());
    // Every segment has three subsegments.
    assert!(end["seen"]["spans"].as_u64() >= Some(4 * accepted.len() as u64), "{end}");
    assert!(end["seen"]["tabs"].as_u64() >= end["seen"]["spans"].as_u64(), "{end}");
    for (reason, count) in stats.rejections() {
        let shown = end["reasons"].as_array().into_iter().flatten();
        let row = shown.into_iter().find(|row| row["reason"] == reason.as_str());
        let row = row.unwrap_or_else(|| panic!("no row of {}: {end}", reason.as_str()));
        assert!(row["text"].to_string().contains(&count.to_string()), "{row}");
    }
}

/// One segment per attack, whole and valid but for what its strings say, and one that is deep as well.
fn accepted(now: f64) -> Vec<Vec<u8>> {
    let deep = deep(&segment(ATTACKS.len(), ATTACKS[0], now), 500);
    let segments = ATTACKS.iter().enumerate();
    let segments =
        segments.map(|(index, attack)| datagram(&segment(index, attack, now).to_string()));
    segments.chain([datagram(&deep)]).collect()
}

/// What the receiver turns away, with attacks where an excerpt would show them.
fn rejected(now: f64) -> Vec<Vec<u8>> {
    let attack = ATTACKS[0];
    let mut without_id = segment(99, attack, now);
    without_id.as_object_mut().expect("an object").remove("id");
    let mut bad_id = segment(99, attack, now);
    bad_id["id"] = attack.into();
    let mut bad_trace_id = segment(99, attack, now);
    bad_trace_id["trace_id"] = attack.into();
    let mut bad_time = segment(99, attack, now);
    bad_time["end_time"] = attack.into();
    let noise = (0..60_000_u32).map(|byte| (byte.wrapping_mul(2_654_435_761) >> 24) as u8);
    vec![
        Vec::new(),
        noise.collect(),
        HEADER.as_bytes().to_vec(),
        datagram(&deep(&segment(99, attack, now), 5000)),
        attack.as_bytes().to_vec(),
        format!("{attack}\n{{}}").into_bytes(),
        datagram(attack),
        datagram(&format!("{{\"name\": \"{attack}\"")),
        [HEADER.as_bytes(), b"{\"name\": \"\xff<script>\"}"].concat(),
        datagram(&without_id.to_string()),
        datagram(&bad_id.to_string()),
        datagram(&bad_trace_id.to_string()),
        datagram(&bad_time.to_string()),
    ]
}

/// The document with metadata that nests this deep around an attack.
fn deep(document: &Value, depth: usize) -> String {
    let (open, close) = ("[".repeat(depth), "]".repeat(depth));
    let mut document = document.clone();
    document["metadata"] = json!({"deep": {"down": "MARK"}});
    document.to_string().replace("\"MARK\"", &format!("{open}{}{close}", json!(ATTACKS[0])))
}

fn datagram(document: &str) -> Vec<u8> {
    format!("{HEADER}{document}").into_bytes()
}

fn segment(index: usize, attack: &str, now: f64) -> Value {
    let seconds = now as u64;
    json!({
        "name": attack,
        "id": format!("{:016x}", 0xa000 + index),
        "trace_id": format!("1-{seconds:08x}-{index:024x}"),
        "start_time": now - 1.0,
        "end_time": now,
        "fault": true,
        "user": attack,
        "origin": attack,
        "resource_arn": attack,
        "service": {"version": attack, "runtime": attack, "runtime_version": attack},
        "http": http(attack),
        "aws": {"xray": {"sdk": attack, "sdk_version": attack}, "ec2": {"instance_id": attack}},
        "annotations": {"plain": attack, attack: attack},
        "metadata": {attack: {attack: attack, "nested": [[attack], {attack: attack}]}},
        "cause": cause(index, attack),
        "subsegments": [
            subsegment(0xb000 + index, attack, now, "remote", &json!({
                "sql": {
                    "sanitized_query": attack, "url": attack, "user": attack, "database_type": attack,
                    "database_version": attack, "driver_version": attack, "preparation": attack,
                },
            })),
            subsegment(0xc000 + index, attack, now, "remote", &json!({
                "http": http(attack), "cause": cause(index, attack), "fault": true,
            })),
            subsegment(0xd000 + index, attack, now, "aws", &json!({
                "aws": {
                    "operation": attack, "region": attack, "request_id": attack, "table_name": attack,
                    "queue_url": attack, "resource_names": [attack],
                },
            })),
        ],
    })
}

fn subsegment(id: usize, attack: &str, now: f64, namespace: &str, more: &Value) -> Value {
    let mut value = json!({
        "name": attack,
        "id": format!("{id:016x}"),
        "start_time": now - 0.9,
        "end_time": now - 0.1,
        "namespace": namespace,
    });
    for (key, part) in more.as_object().expect("an object") {
        value[key] = part.clone();
    }
    value
}

fn http(attack: &str) -> Value {
    json!({
        "request": {"method": attack, "url": attack, "user_agent": attack, "client_ip": attack},
        "response": {"status": 500},
    })
}

fn cause(index: usize, attack: &str) -> Value {
    json!({
        "working_directory": attack,
        "paths": [attack],
        "exceptions": [{
            "id": format!("{:016x}", 0xe000 + index),
            "type": attack,
            "message": attack,
            "stack": [{"path": attack, "line": 1, "label": attack}],
        }],
    })
}
