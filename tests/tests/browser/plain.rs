//! The pages without scripts.

use serde_json::json;
use xray_tests::{Child, Xrayd, browser_script, until};

use crate::traffic::{DATABASE, FAILED, LATE, Traffic};

#[test]
fn pages_without_scripts_show_the_tables() {
    let xrayd = Xrayd::start();
    let traffic = Traffic::start(xrayd.address());
    let trace = traffic.late_trace();
    until("the late service", || {
        let graph = xrayd.console().graph(xray_console::Window::All);
        graph.nodes.iter().any(|node| node.name == LATE).then_some(())
    });
    xrayd.send(b"no header");
    until("the rejection", || (xrayd.console().status().rejected_total() == 1).then_some(()));

    let one = format!("/traces/{trace}");
    let paths = ["/map", "/traces", &one, "/status"];
    let mut command = browser_script("without_scripts.mjs");
    command.arg(xrayd.url()).args(paths);
    let end = Child::spawn(command).line();

    let shows = |path: &str, texts: &[&str]| {
        let page = end["pages"][path].as_str().unwrap_or_default();
        for text in texts {
            assert!(page.contains(text), "{path} shows no {text:?}: {page}");
        }
    };
    shows("/map", &["web", "orders", LATE, DATABASE]);
    shows("/traces", &[&trace, "/invoice", "502"]);
    shows(&one, &["web", LATE, DATABASE, FAILED]);
    shows("/status", &["1"]);
    assert_eq!(end["problems"], json!([]));
}
