//! The way of a visitor: from the map to one exception.

use serde_json::json;
use xray_tests::{Child, Xrayd, browser_script};

use crate::traffic::{DATABASE, FAILED, FAILURE, LATE, STATEMENT, Traffic};

#[test]
fn a_new_node_appears_and_leads_to_its_exception() {
    let xrayd = Xrayd::start();
    let traffic = Traffic::start(xrayd.address());
    let mut command = browser_script("journey.mjs");
    command.args([&xrayd.url(), LATE, DATABASE, FAILED]);
    let mut visitor = Child::spawn(command);

    let watching = visitor.line();
    assert_eq!(watching["step"], "watching");
    assert!(!watching["nodes"].to_string().contains(LATE), "{watching}");

    let trace = traffic.late_trace();
    let appeared = visitor.line();
    assert_eq!(appeared["sameDocument"], true, "{appeared}");

    let traces = visitor.line();
    assert_eq!(traces["traces"], json!([trace]), "{traces}");
    let filter = traces["filter"].as_str().unwrap_or_default();
    assert!(filter.starts_with("service(id(") && filter.contains(LATE), "{traces}");

    let opened = visitor.line();
    assert_eq!(opened["path"], format!("/traces/{trace}"));
    assert!(opened["sql"].to_string().contains(STATEMENT), "{opened}");
    assert!(opened["exceptions"].to_string().contains(FAILURE), "{opened}");

    assert_eq!(visitor.line()["problems"], json!([]));
}
