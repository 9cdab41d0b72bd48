//! More pages than a browser grants connections, and more than the console grants streams.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use serde_json::json;
use xray_tests::{Child, Xrayd, browser_script};

use crate::traffic::{LATE, Traffic};

#[test]
fn nine_pages_share_one_stream() {
    let xrayd = Xrayd::start();
    let traffic = Traffic::start(xrayd.address());
    let mut command = browser_script("tabs.mjs");
    command.args([&xrayd.url(), LATE]);
    let mut visitor = Child::spawn(command);

    assert_eq!(visitor.line(), json!({"step": "watching", "most": 1}));
    let _trace = traffic.late_trace();
    assert_eq!(visitor.line(), json!({"step": "appeared", "pages": 6}));
    assert_eq!(visitor.line(), json!({"step": "hidden", "streams": 0}));
    assert_eq!(visitor.line(), json!({"step": "end", "streams": 1, "problems": []}));
}

#[test]
fn a_page_without_a_stream_says_why_and_stays_current() {
    let xrayd = Xrayd::start();
    let traffic = Traffic::start(xrayd.address());
    let address = xrayd.url();
    let address = address.strip_prefix("http://").expect("an address");
    let streams: Vec<_> = std::iter::from_fn(|| {
        let mut stream = TcpStream::connect(address).expect("the console");
        stream.write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a request");
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        stream.read_line(&mut head).expect("a status");
        head.contains("200").then_some(stream)
    })
    .collect();

    let mut command = browser_script("crowded.mjs");
    command.args([&xrayd.url(), LATE]);
    let mut visitor = Child::spawn(command);
    let crowded = visitor.line();
    assert!(crowded["banner"].to_string().contains("Too many pages"), "{crowded}");
    let _trace = traffic.late_trace();
    assert_eq!(visitor.line()["step"], "appeared");
    drop(streams);
    assert_eq!(visitor.line(), json!({"step": "end", "problems": []}));
}
