//! The access log: what both middlewares write of the same requests is the same, line for line.

use std::{
    io::{self, Write},
    sync::{
        Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use serde_json::{Value, json};
use xray_core::{Recorder, http::AccessLog, sample::LocalRules, testing::MemoryEmitter};

use crate::{Server, actix_server::ActixServer, axum_server::AxumServer, cases::Policy, client};

const DEADLINE: Duration = Duration::from_secs(10);

/// Takes each line by one call.
struct Lines(Sender<String>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(String::from_utf8(bytes.to_vec()).unwrap()).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written(log: AccessLog) -> (AccessLog, Receiver<String>) {
    let (lines, written) = channel();
    (log.writer(Lines(lines)), written)
}

fn next(lines: &Receiver<String>) -> String {
    let line = lines.recv_timeout(DEADLINE).expect("a line is written");
    let line = line.strip_suffix('\n').expect("a line has an end").to_owned();
    assert!(!line.contains(|character: char| character.is_control()), "{line:?}");
    line
}

fn recorder(rate: u32) -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let rules = format!(r#"{{"version": 2, "default": {{"fixed_target": 0, "rate": {rate}}}}}"#);
    let rules: LocalRules = rules.parse().unwrap();
    let builder = Recorder::builder("shop").emitter(memory.clone()).sampling_rules(rules);
    (builder.build().unwrap(), memory)
}

/// A line without what differs from run to run, once it is seen to be there, and its ids.
fn settled(line: &str) -> (Value, Value) {
    let mut line: Value = serde_json::from_str(line).expect("a line is JSON");
    let fields = line.as_object_mut().unwrap();
    let time = fields.remove("timestamp").unwrap();
    let time = time.as_str().unwrap();
    assert!(time.len() == "2026-11-25T10:15:07.021Z".len() && time.ends_with('Z'), "{time}");
    assert!(fields.remove("duration_ms").unwrap().as_f64().unwrap() >= 0.0);
    let ids = ["trace_id", "segment_id", "xrayTraceId", "segmentId", "AWS-XRAY-TRACE-ID"];
    let ids = ids.into_iter().filter_map(|key| fields.remove_entry(key)).collect();
    (line, Value::Object(ids))
}

/// Requests, until which text the client reads, and the line of each.
fn requests() -> Vec<(&'static str, Option<&'static str>, Value)> {
    let line = |level: &str, path: &str, status: u16, bytes: u64| {
        json!({"level": level, "method": "GET", "path": path, "status": status, "bytes": bytes,
            "client": "127.0.0.1"})
    };
    let with = |mut line: Value, key: &str, value: &str| {
        line[key] = json!(value);
        line
    };
    let head = with(line("info", "/plain", 200, 0), "method", "HEAD");
    let gone = line("warn", "/endless", 200, 12);
    let panic = with(line("error", "/panic", 500, 0), "error", "panic");
    let late = with(line("error", "/late-panic", 500, 4), "error", "panic");
    vec![
        ("GET /plain HTTP/1.1\nConnection: close", None, line("info", "/plain", 200, 5)),
        ("HEAD /plain HTTP/1.1\nConnection: close", None, head),
        ("GET /chunked HTTP/1.1\nConnection: close", None, line("info", "/chunked", 200, 7)),
        ("GET /empty HTTP/1.1\nConnection: close", None, line("info", "/empty", 204, 0)),
        ("GET /limited HTTP/1.1\nConnection: close", None, line("warn", "/limited", 429, 0)),
        (
            "GET /missing?token=secret HTTP/1.1\nConnection: close",
            None,
            line("warn", "/missing", 404, 0),
        ),
        ("GET /health HTTP/1.1\nConnection: close", None, line("info", "/health", 200, 4)),
        (
            "GET /a%0Ab%22%5C\" HTTP/1.1\nConnection: close\nX-Forwarded-For: \t\"<b>\\,1.1.1.1",
            None,
            with(line("warn", "/a%0Ab%22%5C\"", 404, 0), "client", "\"<b>\\"),
        ),
        ("GET /endless HTTP/1.1", Some("tick"), with(gone, "error", "ClientDisconnected")),
        ("GET /panic HTTP/1.1\nConnection: close", None, panic),
        ("GET /late-panic HTTP/1.1\nConnection: close", None, late),
    ]
}

fn json_lines<S: Server>(recorder: Option<(Recorder, MemoryEmitter)>, sampled: bool) {
    let (log, lines) = written(AccessLog::json());
    let (recorder, memory) = recorder.unzip();
    let server = S::start(recorder, Policy::Usual, Some(log.clone()));
    for (request, leave_at, expected) in requests() {
        client::send(server.address(), request, leave_at);
        let (mut line, ids) = settled(&next(&lines));
        // How much had left when the client was seen to be gone, and how long the page of an error is, is
        // the server's affair.
        if leave_at.is_some() || expected["status"] == 404 {
            line["bytes"] = expected["bytes"].clone();
        }
        assert_eq!(line, expected, "{request}");
        if !sampled || expected["path"] == "/health" {
            assert_eq!(ids, json!({}), "{request}");
            continue;
        }
        let document = memory.as_ref().unwrap().wait(1, DEADLINE).remove(0);
        let (trace, segment) = (&document["trace_id"], &document["id"]);
        let both = format!("{}@{}", trace.as_str().unwrap(), segment.as_str().unwrap());
        let expected = json!({"trace_id": trace, "segment_id": segment, "xrayTraceId": trace,
            "segmentId": segment, "AWS-XRAY-TRACE-ID": both});
        assert_eq!(ids, expected, "{request}");
    }
    assert!(lines.try_recv().is_err(), "one request is one line");
    assert_eq!(log.lost(), 0);
}

#[test]
fn tower_writes_lines_of_what_is_sampled() {
    json_lines::<AxumServer>(Some(recorder(1)), true);
}

#[test]
fn actix_writes_lines_of_what_is_sampled() {
    json_lines::<ActixServer>(Some(recorder(1)), true);
}

#[test]
fn tower_writes_lines_of_what_is_not() {
    json_lines::<AxumServer>(Some(recorder(0)), false);
}

#[test]
fn actix_writes_lines_of_what_is_not() {
    json_lines::<ActixServer>(Some(recorder(0)), false);
}

#[test]
fn tower_writes_lines_without_a_recorder() {
    json_lines::<AxumServer>(None, false);
}

#[test]
fn actix_writes_lines_without_a_recorder() {
    json_lines::<ActixServer>(None, false);
}

fn flask_lines<S: Server>() {
    let (log, lines) = written(AccessLog::flask());
    let (recorder, _) = recorder(1);
    let server = S::start(Some(recorder), Policy::Usual, Some(log));
    // [2023-Feb-27 10:15
    let pattern = regex::Regex::new(r"^\[\d{4}-[A-Z][a-z]{2}-\d\d \d\d:\d\d$").unwrap();
    for (request, expected) in [
        ("GET /plain HTTP/1.1\nConnection: close", "GET http /plain? 200 OK"),
        ("HEAD /plain?a=%20b HTTP/1.1\nConnection: close", "HEAD http /plain?a=%20b 200 OK"),
        ("POST /caf%C3%A9%0A HTTP/1.1\nConnection: close", "POST http /café\\n? 404 NOT FOUND"),
        // Not what the client says it is.
        (
            "GET /limited HTTP/1.1\nConnection: close\nX-Forwarded-For: 192.0.2.1",
            "GET http /limited? 429 TOO MANY REQUESTS",
        ),
        ("GET /panic HTTP/1.1\nConnection: close", "GET http /panic? 500 INTERNAL SERVER ERROR"),
    ] {
        client::send(server.address(), request, None);
        let line = next(&lines);
        let (time, rest) = line.split_once("] ").unwrap();
        assert_eq!(rest, format!("127.0.0.1 {expected}"));
        assert!(pattern.is_match(time), "{time}");
    }
}

#[test]
fn tower_writes_lines_as_flask_does() {
    flask_lines::<AxumServer>();
}

#[test]
fn actix_writes_lines_as_flask_does() {
    flask_lines::<ActixServer>();
}

/// What the program's logger was given.
static LOGGED: Mutex<Vec<(log::Level, String)>> = Mutex::new(Vec::new());

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, of: &log::Metadata<'_>) -> bool {
        of.target() == "xray::access" && of.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            LOGGED.lock().unwrap().push((record.level(), record.args().to_string()));
        }
    }

    fn flush(&self) {}
}

#[test]
fn lines_go_to_the_logger_by_their_level() {
    log::set_boxed_logger(Box::new(Logger)).unwrap();
    log::set_max_level(log::LevelFilter::Info);
    let (recorder, memory) = recorder(1);
    for log in [AccessLog::json(), AccessLog::flask().ignore(["/miss*"])] {
        let server = AxumServer::start(Some(recorder.clone()), Policy::Usual, Some(log));
        for path in ["/plain", "/missing", "/broken"] {
            let request = format!("GET {path} HTTP/1.1\nConnection: close");
            client::send(server.address(), &request, None);
            // The line is written after the segment has left.
            assert_eq!(memory.wait(1, DEADLINE).len(), 1);
        }
        // All requests are over once the server is.
        drop(server);
    }
    let logged = std::mem::take(&mut *LOGGED.lock().unwrap());
    let levels: Vec<_> = logged.iter().map(|(level, _)| level.as_str()).collect();
    assert_eq!(levels, ["WARN", "ERROR", "ERROR", "ERROR"], "{logged:#?}");
    assert_eq!(settled(&logged[0].1).0["path"], "/missing");
    assert_eq!(settled(&logged[1].1).0["path"], "/broken");
    assert!(logged[2].1.ends_with(" 127.0.0.1 GET http /plain? 200 OK"));
    assert!(logged[3].1.ends_with(" 127.0.0.1 GET http /broken? 503 SERVICE UNAVAILABLE"));
}

/// Takes nothing.
struct Broken;

impl Write for Broken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(!bytes.starts_with(b"["), "kaboom");
        Err(io::Error::other("the disk is full"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_fails_or_panics_fails_no_request() {
    for log in [AccessLog::json(), AccessLog::flask()] {
        let log = log.writer(Broken);
        let server = AxumServer::start(None, Policy::Usual, Some(log.clone()));
        for path in ["/plain", "/panic", "/plain"] {
            let request = format!("GET {path} HTTP/1.1\nConnection: close");
            let answer = client::send(server.address(), &request, None);
            assert_eq!(answer.contains("200 OK"), path == "/plain");
        }
        drop(server);
        assert_eq!(log.lost(), 3);
    }
}
