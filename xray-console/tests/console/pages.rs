//! The pages over real connections: who may ask, what they say, and that nothing in a trace can act.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use crate::support::{TRACE, get, raw, receive, segment, served, subsegment};
use serde_json::{Value, json};
use xray_console::{Console, ConsoleServer, Document, OtherKind, Rejection};

const PATHS: [&str; 9] = [
    "/",
    "/map",
    "/traces",
    "/sampling",
    "/status",
    "/api/map",
    "/api/sampling",
    "/ui/map.js",
    "/nothing",
];

#[test]
fn only_own_names_are_answered() {
    let (_, server) = served();
    let address = server.address();
    for method in ["GET", "POST", "OPTIONS", "DELETE", "NONSENSE"] {
        for path in PATHS {
            for host in [
                "Host: evil.example\r\n",
                "Host: 127.0.0.1.evil.example\r\n",
                "",
                "Host: localhost\r\nHost: evil.example\r\n",
            ] {
                let version = if host.is_empty() { "1.0" } else { "1.1" };
                let answer = raw(
                    address,
                    &format!("{method} {path} HTTP/{version}\r\n{host}connection: close\r\n\r\n"),
                );
                assert_eq!(answer.status, 403, "{method} {path} {host}");
            }
        }
    }
    for host in ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:2001"] {
        let answer = raw(
            address,
            &format!("GET /map HTTP/1.1\r\nHost: {host}\r\nconnection: close\r\n\r\n"),
        );
        assert_eq!(answer.status, 200, "{host}");
    }
    let absolute =
        "GET http://evil.example/map HTTP/1.1\r\nHost: localhost\r\nconnection: close\r\n\r\n";
    assert_eq!(raw(address, absolute).status, 403);
}

#[test]
fn a_name_can_be_allowed() {
    let console = Console::builder().allow_host("trace.test").build();
    let server = console.serve(TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
    let ask = |host| {
        raw(
            server.address(),
            &format!("GET /map HTTP/1.1\r\nHost: {host}\r\nconnection: close\r\n\r\n"),
        )
        .status
    };
    assert_eq!((ask("trace.test:80"), ask("other.test")), (200, 403));
}

#[test]
fn every_answer_carries_the_security_headers() {
    let (_, server) = served();
    for path in PATHS {
        let answer = get(server.address(), path);
        let policy = answer.header("content-security-policy").unwrap();
        for part in [
            "default-src 'none'",
            "script-src 'self';",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
        let cache = if path.starts_with("/ui/") { "no-cache" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), Some(cache));
        assert!(!answer.body.contains("style=") && !answer.body.contains("onclick="), "{path}");
    }
}

#[test]
fn only_loopback_is_served() {
    let error =
        Console::builder().build().serve(TcpListener::bind("0.0.0.0:0").unwrap()).unwrap_err();
    assert!(error.to_string().contains("bind it to 127.0.0.1"), "{error}");
}

#[test]
fn the_port_is_free_again_when_the_guard_is_dropped() {
    let (_, server) = served();
    let address = server.address();
    let _open = TcpStream::connect(address).unwrap();
    drop(server);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn without_a_trace_the_pages_say_how_to_send_one() {
    let (console, server) = served();
    console.listening("X-Ray segments (UDP)", "127.0.0.1:4321".parse().unwrap());
    console.rejected(Rejection::HeaderWithoutDocument, b"");
    for path in ["/map", "/traces"] {
        let body = get(server.address(), path).body;
        for text in [
            "XRayLayer::new()",
            "use xray_tower::{Recorder, XRayLayer};",
            "<code>xray-tower</code> with the feature <code>axum</code>",
            "XRayMiddleware::new()",
            "use xray_actix::{Recorder, XRayMiddleware};",
            "<code>xray-actix</code>",
            "one request a second and 5 % of the rest",
            "env printf",
            "/dev/udp/127.0.0.1/4321",
            "header_without_document",
        ] {
            assert!(body.contains(text), "{path} lacks {text}");
        }
    }
}

#[test]
fn the_tables_need_no_script() {
    let (console, server) = served();
    let query = subsegment(2, "orders@db", json!({"namespace": "remote", "sql": {}}));
    let with = json!({"http": {"request": {"method": "GET", "url": "http://x/cart"}, "response": {"status": 503}}, "subsegments": [query]});
    receive(&console, &[segment(1, "web", with)]);
    let page = |path: &str| get(server.address(), path).body;
    assert!(page("/map?range=all").contains("orders@db"));
    let list = page("/traces");
    assert!(
        list.contains(&format!("data-trace=\"{TRACE}\""))
            && list.contains("http://x/cart")
            && list.contains("503")
    );
    let trace = page(&format!("/traces/{TRACE}"));
    assert!(trace.contains("orders@db") && trace.contains("1.00 s"));
}

#[test]
fn filters_narrow_the_list_and_errors_stay_on_the_page() {
    let (console, server) = served();
    receive(&console, &[segment(1, "web", json!({"fault": true}))]);
    receive(
        &console,
        &[segment(1, "jobs", json!({"trace_id": "1-5759e988-000000000000000000000001"}))],
    );
    let matching = |filter: &str| {
        get(server.address(), &format!("/api/traces?filter={filter}")).json()["matching"].clone()
    };
    assert_eq!(matching(""), 2);
    assert_eq!(matching("fault"), 1);
    assert_eq!(matching("service(%22jobs%22)"), 1);
    assert_eq!(matching("service(id(name:%22web%22,type:%22AWS::Lambda%22))"), 0);
    let answer = get(server.address(), "/api/traces?filter=fault%20AND").json();
    assert_eq!(answer["problem"]["offset"], 9);
    let page = get(server.address(), "/traces?filter=fault%20AND%20%3Ci%3E");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("at byte 10") && !page.body.contains("<i>"), "{}", page.body);
    let lone = get(server.address(), &format!("/traces?filter={TRACE}"));
    assert_eq!(
        (lone.status, lone.header("location")),
        (303, Some(format!("/traces/{TRACE}").as_str()))
    );
}

#[test]
fn every_link_of_the_map_finds_its_traces() {
    let (console, server) = served();
    let calls = json!([
        subsegment(2, "a \"quoted\" \\ name", json!({"namespace": "remote"})),
        subsegment(3, "DynamoDB", json!({"namespace": "aws", "aws": {"table_name": "ledger"}})),
    ]);
    receive(&console, &[segment(1, "web", json!({"subsegments": calls}))]);
    let map = get(server.address(), "/api/map?range=all").json();
    let filters = ["nodes", "edges"].map(|part| map[part].as_array().unwrap().clone()).concat();
    assert_eq!(filters.len(), 4 + 3);
    for entry in filters {
        let filter: String =
            entry["filter"].as_str().unwrap().bytes().map(|byte| format!("%{byte:02x}")).collect();
        let answer = get(server.address(), &format!("/api/traces?filter={filter}")).json();
        assert_eq!(answer["matching"], 1, "{entry}");
    }
}

#[test]
fn unknown_traces_say_what_is_kept() {
    let (console, server) = served();
    receive(&console, &[segment(1, "web", json!({}))]);
    let answer = get(server.address(), "/traces/1-00000000-000000000000000000000000");
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains(TRACE) && answer.body.contains("256 MiB"));
    let answer = get(server.address(), "/traces/%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    assert_eq!(answer.status, 404);
    assert!(!answer.body.contains("<script>alert"));
    assert_eq!(get(server.address(), &format!("/api/traces/{TRACE}/spans/n99")).status, 404);
}

/// What cannot be read of an address is answered as everything else is.
#[test]
fn odd_addresses_are_answered_in_our_own_form() {
    let (_, server) = served();
    for (path, status) in
        [("/traces/%ff", 404), ("/traces?filter=a&filter=b", 400), ("/map?range=1m&range=5m", 400)]
    {
        let answer = get(server.address(), path);
        assert_eq!(answer.status, status, "{path}");
        assert!(
            answer.body.contains("<nav") && answer.body.contains("<h1>"),
            "{path}: {}",
            answer.body
        );
    }
    for (path, status) in [
        ("/api/traces?since=-1", 400),
        ("/api/traces?filter=a&filter=b", 400),
        ("/api/map?range=1m&range=5m", 400),
        (&format!("/api/traces/{TRACE}?since=x"), 400),
        ("/api/traces/%ff", 404),
        (&format!("/api/traces/{TRACE}/spans/%ff"), 404),
        ("/api/nothing", 404),
    ] {
        let answer = get(server.address(), path);
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.json()["message"].is_string(), "{path}");
    }
}

#[test]
fn details_show_causes_described_elsewhere() {
    let (console, server) = served();
    let exception = json!({"id": "00000000000000ee", "type": "E", "message": "went wrong"});
    let child = subsegment(2, "child", json!({"cause": {"exceptions": [exception]}}));
    receive(
        &console,
        &[segment(1, "web", json!({"cause": "00000000000000ee", "subsegments": [child]}))],
    );
    let detail =
        get(server.address(), &format!("/api/traces/{TRACE}/spans/0000000000000001")).json();
    assert_eq!(detail["exceptions"][0]["message"], "went wrong");
    assert_eq!(detail["detail"]["entity"]["subsegments"], Value::Null);
    assert!(detail["detail"]["raw"].as_str().unwrap().contains("\"name\": \"child\""));
}

#[test]
fn the_status_page_tells_what_was_refused() {
    let (console, server) = served();
    console.received_datagrams(1);
    console.other_kind(OtherKind::OtlpTraces);
    console.kernel_drops(3);
    console.rejected(Rejection::BadJson, b"{\"token\":\"s3cret\",<script>\0\xff");
    let body = get(server.address(), "/status").body;
    assert!(
        body.contains("data-reason=\"bad_json\"") && body.contains(Rejection::BadJson.advice())
    );
    assert!(body.contains("&lt;script&gt;\\u{0}") && !body.contains("s3cret"));
    let status = get(server.address(), "/api/status").json();
    assert_eq!(
        (&status["status"]["kernel_drops"], &status["status"]["otlp_traces"]),
        (&json!(3), &json!(1))
    );
}

/// The lines of a stream of news.
pub(crate) fn news(server: &ConsoleServer) -> impl Iterator<Item = String> {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    BufReader::new(stream).lines().map(Result::unwrap)
}

#[test]
fn what_was_dropped_is_on_the_status_page_at_once() {
    let (console, server) = served();
    let mut lines = news(&server);
    assert!(lines.any(|line| line == "event: change"), "the first comes at once");
    console.dropped_datagrams(1);
    assert!(lines.any(|line| line == "event: change"));
    let body = get(server.address(), "/status").body;
    assert!(body.contains("Dropped: checking was behind"), "{body}");
    let status = get(server.address(), "/api/status").json();
    assert_eq!(status["status"]["dropped"], 1);
}

#[test]
fn a_page_hears_of_changes_and_of_another_run() {
    let (console, server) = served();
    let mut lines = news(&server);
    fn run(lines: &mut impl Iterator<Item = String>) -> String {
        let id = lines.find_map(|line| Some(line.strip_prefix("id: ")?.to_owned())).unwrap();
        id.split_once('-').unwrap().0.to_owned()
    }
    let first = run(&mut lines);
    receive(&console, &[segment(1, "web", json!({}))]);
    assert_eq!(run(&mut lines), first);
    let (_, other) = served();
    assert_ne!(run(&mut news(&other)), first, "what the page holds is of another run");
}

#[test]
fn streams_are_bounded() {
    let (_, server) = served();
    let mut open = Vec::new();
    let refused = loop {
        let mut lines = news(&server);
        let head = lines.next().unwrap();
        if !head.contains("200") {
            break head;
        }
        open.push(lines);
        assert!(open.len() < 1_000);
    };
    assert!(refused.contains("503"), "{refused}");
    assert_eq!(open.len(), 64);
}

/// Whatever a document can hold, in every place where a page could show it.
#[test]
fn hostile_texts_are_shown_and_nothing_more() {
    let attacks = [
        "<script>alert(1)</script>",
        "</script><img src=x onerror=alert(1)>",
        "\"><svg onload=alert(1)>",
        "javascript:alert(1)",
        "nul \0 bidi \u{202e} zero \u{200b}",
        "__proto__",
        &"long".repeat(15_000),
    ];
    for attack in attacks {
        let (console, server) = served();
        let child = subsegment(
            2,
            attack,
            json!({"namespace": "remote", "sql": {"sanitized_query": attack}}),
        );
        let with = json!({
            "start_time": -1e308, "end_time": 1e308, "user": attack, "origin": attack,
            "http": {"request": {"method": attack, "url": attack, "user_agent": attack}},
            "annotations": {attack: attack}, "metadata": {attack: {attack: attack}},
            "cause": {"exceptions": [{"id": "1", "type": attack, "message": attack}]},
            "subsegments": [child],
        });
        let body = segment(1, attack, with).to_string();
        console.receive(Document::parse(body.as_bytes()).unwrap());
        for path in ["/map?range=all", "/traces", &format!("/traces/{TRACE}"), "/status"] {
            let answer = get(server.address(), path);
            assert_eq!(answer.status, 200, "{path} {attack:.40}");
            for tag in [
                "<script>",
                "<img",
                "<svg onload",
                "href=\"javascript:",
                "\0",
                "\u{202e}",
                "\u{200b}",
            ] {
                assert!(!answer.body.contains(tag), "{path} holds {tag}");
            }
            assert!(!answer.body.contains("NaN") && !answer.body.contains("inf\""), "{path}");
            assert!(answer.body.len() < 100_000, "{path} is cut");
        }
        for path in [
            "/api/map?range=all",
            "/api/traces",
            &format!("/api/traces/{TRACE}"),
            &format!("/api/traces/{TRACE}/spans/0000000000000001"),
        ] {
            let answer = get(server.address(), path);
            assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
            assert!(answer.json().is_object());
        }
    }
}

#[test]
fn the_deepest_document_is_shown() {
    let (console, server) = served();
    let open = "{\"name\":\"n\",\"start_time\":1,\"end_time\":2,\"subsegments\":[".repeat(512);
    let body = format!(
        "{{\"trace_id\":\"{TRACE}\",\"id\":\"0000000000000001\",\"name\":\"n\",\"start_time\":1,\"end_time\":2,\"subsegments\":[{open}{}]}}",
        "]}".repeat(512),
    );
    console.receive(Document::parse(body.as_bytes()).unwrap());
    assert_eq!(get(server.address(), &format!("/traces/{TRACE}")).status, 200);
    let columns = get(server.address(), &format!("/api/traces/{TRACE}")).json();
    assert_eq!(columns["depth"][512], 512);
    assert_eq!(
        get(server.address(), &format!("/api/traces/{TRACE}/spans/n512")).json()["detail"]["entity"]
            ["name"],
        "n"
    );
}
