//! Every datagram that is no document is refused for a reason, counted and survived.

use std::net::TcpListener;
use std::time::{SystemTime, UNIX_EPOCH};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use xray_console::Rejection;

use crate::support::{FREE, HEADER, Receiver, datagram, document, get};

/// A segment whose metadata holds so many arrays inside each other.
fn nested_metadata(depth: usize) -> String {
    let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    document("deep").replace(
        "\"end_time\"",
        &format!("\"metadata\":{{\"default\":{{\"deep\":{deep}}}}},\"end_time\""),
    )
}

fn without(field: &str) -> Vec<u8> {
    let mut value: serde_json::Value = serde_json::from_str(&document("orders")).unwrap();
    value.as_object_mut().unwrap().remove(field);
    datagram(&value.to_string())
}

fn with(field: &str, content: serde_json::Value) -> Vec<u8> {
    let mut value: serde_json::Value = serde_json::from_str(&document("orders")).unwrap();
    value[field] = content;
    datagram(&value.to_string())
}

fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    StdRng::seed_from_u64(seed).fill(&mut bytes[..]);
    bytes
}

#[test]
fn every_bad_datagram_is_counted_for_its_reason() {
    let headed = |body: &[u8]| [HEADER.as_bytes(), b"\n", body].concat();
    let cases: Vec<(&str, Vec<u8>, Rejection)> = vec![
        ("empty", vec![], Rejection::Empty),
        ("document without header", document("orders").into(), Rejection::BadHeader),
        (
            "no newline",
            [HEADER.as_bytes(), document("x").as_bytes()].concat(),
            Rejection::BadHeader,
        ),
        ("header alone", HEADER.into(), Rejection::HeaderWithoutDocument),
        ("header and newline", headed(b""), Rejection::HeaderWithoutDocument),
        ("header and blanks", headed(b" \r\n\n"), Rejection::HeaderWithoutDocument),
        ("newline alone", b"\n".to_vec(), Rejection::BadHeader),
        (
            "wrong version",
            b"{\"format\":\"json\",\"version\":2}\n{}".to_vec(),
            Rejection::BadHeader,
        ),
        ("wrong format", b"{\"format\":\"xml\",\"version\":1}\n{}".to_vec(), Rejection::BadHeader),
        ("64 KB of noise", noise(1, 65_507), Rejection::BadHeader),
        ("no JSON", headed(b"not json at all"), Rejection::BadJson),
        ("cut short", headed(&document("orders").as_bytes()[..60]), Rejection::BadJson),
        (
            "two documents",
            headed(format!("{0}\n{0}", document("x")).as_bytes()),
            Rejection::BadJson,
        ),
        ("invalid UTF-8", headed(b"{\"name\":\"\xff\xfe\"}"), Rejection::NotUtf8),
        ("an array", headed(b"[1,2]"), Rejection::NotAnObject),
        ("a string", headed(b"\"T1S\""), Rejection::NotAnObject),
        ("no id", without("id"), Rejection::MissingId),
        ("short id", with("id", json!("70de")), Rejection::BadId),
        ("id is a number", with("id", json!(7)), Rejection::BadId),
        ("no trace id", without("trace_id"), Rejection::MissingTraceId),
        ("trace id of another scheme", with("trace_id", json!("abc")), Rejection::BadTraceId),
        ("no name", without("name"), Rejection::MissingName),
        ("no start", without("start_time"), Rejection::MissingStartTime),
        ("start is a word", with("start_time", json!("soon")), Rejection::BadStartTime),
        ("no end", without("end_time"), Rejection::MissingEndTime),
        ("end before start", with("end_time", json!(1.0)), Rejection::EndBeforeStart),
        ("lone subsegment", with("type", json!("subsegment")), Rejection::MissingParentId),
        ("nested 5,000 deep", datagram(&nested_metadata(5_000)), Rejection::TooDeep),
        ("nothing but brackets", headed(&[b'['; 60_000]), Rejection::TooDeep),
    ];
    for (name, bytes, reason) in &cases {
        let receiver = Receiver::start();
        receiver.send(bytes);
        let stats = receiver.settled(1);
        assert_eq!(stats.rejected(*reason), 1, "{name}: {stats}");
        assert_eq!(stats.rejected_total(), 1, "{name}: {stats}");
        let status = receiver.console.status();
        assert_eq!(status.datagrams, 1, "{name}");
        assert_eq!(status.rejected_total(), 1, "{name}");
        assert_eq!(status.rejected[0].reason, *reason, "{name}");
        assert_eq!(status.excerpts.len(), 1, "{name}");
        // The daemon goes on.
        receiver.send(&datagram(&document("after")));
        assert_eq!(receiver.settled(2).accepted, 1, "{name}");
    }
}

#[test]
fn noise_behind_a_sound_header_is_survived() {
    let receiver = Receiver::start();
    for seed in 0..20 {
        let length = 65_507 - HEADER.len() - 1;
        receiver.send(&[HEADER.as_bytes(), b"\n", &noise(seed, length)].concat());
    }
    let stats = receiver.settled(20);
    assert_eq!(stats.rejected(Rejection::NotUtf8), 20, "{stats}");
}

#[test]
fn a_nesting_of_500_is_accepted() {
    let receiver = Receiver::start();
    receiver.send(&datagram(&nested_metadata(500)));
    assert_eq!(receiver.settled(1).accepted, 1);
    assert_eq!(receiver.console.status().documents, 1);
}

#[test]
fn markup_in_every_string_is_accepted_and_escaped() {
    let receiver = Receiver::start();
    let hostile = "<script>alert(1)</script>";
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let trace_id = format!("1-{now:08x}-a006649127e371903a2de979");
    let segment = json!({
        "name": hostile, "id": "70de5b6f19ff9a0a", "trace_id": trace_id, "user": hostile, "origin": hostile,
        "start_time": now, "end_time": now, "fault": true,
        "http": {
            "request": { "method": hostile, "url": hostile, "user_agent": hostile, "client_ip": hostile },
            "response": { "status": 500 },
        },
        "annotations": { "k": hostile },
        "metadata": { hostile: { hostile: hostile } },
        "cause": { "exceptions": [{ "id": "1", "type": hostile, "message": hostile }] },
        "subsegments": [{
            "name": hostile, "id": "53995c3f42cd8ad8", "start_time": now, "end_time": now, "namespace": "remote",
            "sql": { "url": hostile, "sanitized_query": hostile },
        }],
    });
    receiver.send(&datagram(&segment.to_string()));
    receiver.send(&datagram(hostile));
    let stats = receiver.settled(2);
    assert_eq!((stats.accepted, stats.rejected(Rejection::BadJson)), (1, 1));

    let pages = receiver.console.serve(TcpListener::bind(FREE).unwrap()).unwrap();
    let get = |path: &str| get(pages.address(), path);
    for path in [
        "/map",
        "/traces",
        "/status",
        &format!("/traces/{trace_id}"),
        "/nosuch/<script>alert(1)</script>",
    ] {
        let page = get(path);
        assert!(!page.contains("<script>alert"), "{path}: {page}");
    }
    for path in ["/traces", "/status"] {
        assert!(get(path).contains("&lt;script&gt;alert"), "{path} does not show it");
    }
}

#[test]
fn otlp_is_a_kind_of_its_own_and_never_bad_json() {
    let receiver = Receiver::start();
    for body in ["T1SCgIKAA==", "T1UCgIKAA==", "T1S", "M1CgIKAA=="] {
        receiver.send(&datagram(body));
    }
    let stats = receiver.settled(4);
    assert_eq!((stats.otlp_traces, stats.otlp_metrics, stats.rejected_total()), (3, 1, 0));
    let status = receiver.console.status();
    assert_eq!((status.otlp_traces, status.otlp_metrics), (3, 1));
}

#[test]
fn an_odd_but_legal_header_is_accepted() {
    let receiver = Receiver::start();
    let header = "{\"sent_by\": \"test\", \"version\": 1, \"format\": \"JSON\"}\r";
    receiver.send(format!("{header}\n{}", document("orders")).as_bytes());
    assert_eq!(receiver.settled(1).accepted, 1);
}

#[test]
fn damaged_datagrams_never_break_the_balance() {
    const ROUNDS: u64 = 4_000;
    let receiver = Receiver::start();
    let mut random = StdRng::seed_from_u64(0xda7a);
    let sound = [
        datagram(&document("orders")),
        datagram(&nested_metadata(40)),
        datagram("T1SCgIKAA=="),
        with("subsegments", json!([{ "name": "db", "id": "53995c3f42cd8ad8", "start_time": 1.0 }])),
    ];
    for round in 0..ROUNDS {
        let mut bytes = sound.choose(&mut random).unwrap().clone();
        for _ in 0..random.random_range(0..4) {
            let at = random.random_range(0..bytes.len());
            match random.random_range(0..4) {
                0 => bytes[at] = random.random(),
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, *b"{}[]\",:\\\n0".choose(&mut random).unwrap()),
                _ => bytes.truncate(at.max(1)),
            }
        }
        receiver.send(&bytes);
        let stats = receiver.daemon.stats();
        let fates = stats.accepted + stats.rejected_total() + stats.other_kinds() + stats.dropped;
        assert_eq!(stats.received, fates + stats.queued, "{stats}");
        // Never more on the way than a plain socket buffer holds.
        if round % 50 == 49 {
            receiver.settled(round + 1);
        }
    }
    let stats = receiver.settled(ROUNDS);
    assert!(stats.accepted > 500 && stats.rejected_total() > 500, "{stats}");
    let status = receiver.console.status();
    assert_eq!(status.datagrams, ROUNDS);
    assert_eq!(
        (status.accepted, status.rejected_total()),
        (stats.accepted, stats.rejected_total())
    );
}
