//! The pages without scripts.

use serde_json::json;
use xray_console::Window;
use xray_tests::{Child, Xrayd, browser_script, until};

use crate::traffic::{DATABASE, FAILED, LATE, Traffic};

#[test]
fn pages_without_scripts_show_the_tables() {
    let xrayd = Xrayd::start();
    let traffic = Traffic::start(xrayd.address());
    let trace = traffic.late_trace();
    until("all services", || {
        let graph = xrayd.console().graph(Window::All);
        let known = |name| graph.nodes.iter().any(|node| node.name == name);
        (known("orders") && known(LATE)).then_some(())
    });
    // The list of traces has an end, and the late one is to be on it.
    drop(traffic);
    xrayd.send(b"no header");
    until("the rejection", || (xrayd.console().status().rejected_total() == 1).then_some(()));

    let one = format!("/traces/{trace}");
    let paths = ["/map", "/traces", &one, "/status"];
    let mut command = browser_script("without_scripts.mjs");
    command.arg(xrayd.url()).args(paths);
    let end = Child::spawn(command).line();

    let shows = |path: &str, texts: &[&str]| {
        let page = end["pages"][path]["text"].as_str().unwrap_or_default();
        for text in texts {
            assert!(page.contains(text), "{path} shows no {text:?}: {page}");
        }
    };
    shows("/map", &["web", "orders", LATE, DATABASE]);
    shows("/traces", &["/invoice", "502"]);
    let traces = end["pages"]["/traces"]["traces"].as_array().expect("rows");
    assert!(traces.contains(&json!(trace)), "{trace} is missing in {traces:?}");
    shows(&one, &["web", LATE, DATABASE, FAILED]);
    shows("/status", &["bad_header"]);
    assert_eq!(end["problems"], json!([]));
}
