//! Names and figures can be read, however deep a trace is and whatever the theme.

use serde_json::{Value, json};
use xray_tests::{Child, Xrayd, browser_script, until};

const TRACE: &str = "1-5759e988-bd862e3fe1be46a994272793";
/// Levels of the trace; every one of another service, so that every colour is used.
const DEPTH: u64 = 60;

/// A segment that fills nearly the whole trace, below the one before: its label finds room inside its bar only.
fn level(depth: u64) -> Value {
    let call = json!({
        "name": format!("call {depth}"), "id": format!("{:016x}", 2 * depth + 1), "namespace": "remote",
        "start_time": 1_461_096_053.0, "end_time": 1_461_096_054.0,
        "fault": true, "http": {"response": {"status": 503}},
    });
    let mut segment = json!({
        "name": format!("service-{depth}"), "id": format!("{:016x}", 2 * depth), "trace_id": TRACE,
        "start_time": 1_461_096_053.0, "end_time": 1_461_096_054.0, "subsegments": [call],
        "annotations": {"a": 1}, "metadata": {"default": {"a": 1}}, "sql": {"sanitized_query": "SELECT 1"},
        "http": {"request": {"method": "GET", "url": "http://localhost/"}, "response": {"status": 503}},
        "cause": {"exceptions": [{"id": "00000000000000ee", "type": "E", "message": "m"}]},
    });
    if depth > 1 {
        segment["parent_id"] = json!(format!("{:016x}", 2 * depth - 1));
    }
    segment
}

#[test]
fn deep_traces_and_tables_can_be_read() {
    let xrayd = Xrayd::start();
    for depth in 1..=DEPTH {
        let document = level(depth);
        xrayd.send(format!("{{\"format\":\"json\",\"version\":1}}\n{document}").as_bytes());
    }
    until("all segments", || (xrayd.console().status().accepted == DEPTH).then_some(()));
    let mut command = browser_script("readable.mjs");
    command.args([&xrayd.url(), TRACE]);
    let end = Child::spawn(command).line();

    let contrasts = end["contrasts"].as_array().expect("labels");
    assert!(contrasts.iter().any(|label| label["inside"] == true), "{end}");
    for label in contrasts {
        assert!(label["ratio"].as_f64() >= Some(4.5), "{label}");
    }
    let names = end["names"].as_array().expect("rows");
    assert_eq!(names.len() as u64, 2 * DEPTH);
    assert!(names.iter().all(|pixels| pixels.as_f64() >= Some(40.0)), "{names:?}");
    assert!(end["tabs"].as_f64() <= Some(0.0), "the last tab is cut off: {end}");

    let edges = end["edges"].to_string();
    assert!(edges.contains("Clients of service-1\\tservice-1\\t"), "{edges}");
    assert!(end["map"].as_u64() > Some(0), "{end}");
    assert_eq!(end["table"], 0, "what the table does not heed is not offered");
    assert_eq!(end["problems"], json!([]));
}

#[test]
fn the_list_says_the_date_long_durations_and_what_is_out_of_date() {
    let xrayd = Xrayd::start();
    let document = json!({
        "name": "night job", "id": "0000000000000001", "trace_id": TRACE,
        "start_time": 1_461_096_053.0, "end_time": 1_461_105_312.0,
        "http": {"request": {"method": "GET", "url": format!("http://localhost/{}", "long/".repeat(50))}},
    });
    xrayd.send(format!("{{\"format\":\"json\",\"version\":1}}\n{document}").as_bytes());
    until("the segment", || (xrayd.console().status().accepted == 1).then_some(()));
    let mut command = browser_script("list.mjs");
    command.arg(xrayd.url());
    let end = Child::spawn(command).line();

    let rows = end["rows"].to_string();
    assert!(
        rows.contains("2016-04-19") && rows.contains("20:00:53.000") && rows.contains("2 h 34 min"),
        "{rows}"
    );
    assert!(end["beyond"].as_f64() <= Some(0.0), "the last column is cut off: {end}");
    let faded = |parts: &Value| {
        parts.as_array().is_some_and(|parts| parts.iter().all(|part| part.as_f64() < Some(1.0)))
    };
    assert!(faded(&end["refused"]), "{end}");
    assert_eq!(end["understood"], json!([1, 1]));
    assert_eq!(end["problems"], json!([]));
}
