//! Runs the demo as its README says and holds it to its word.

mod trace;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The demo, started from the root of the workspace.
fn storefront(arguments: &[&str]) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root).args(["run", "--quiet", "--example", "storefront", "--"]);
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_XRAY_") {
            command.env_remove(name);
        }
    }
    command
}

/// Stdout as the one JSON object that it has to be.
fn object(output: &Output) -> Value {
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{}: {stderr}", output.status);
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error} in {stdout:?}; {stderr}"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What every run has to show, however short.
fn nothing_is_lost(report: &Value) {
    assert_eq!(report["lost"], 0, "{report}");
    assert_eq!(report["rejected"], 0, "{report}");
    assert_eq!(report["segments_sent"], report["segments_received"], "{report}");
}

#[test]
fn records_every_service_and_loses_nothing() {
    let output = storefront(&["--for", "10s", "--json"]).output().expect("cargo runs");
    let report = object(&output);
    nothing_is_lost(&report);
    assert!(report["segments_sent"].as_u64() > Some(100), "{report}");
    assert!(report["requests"].as_u64() > Some(30), "{report}");
    assert!(report["traces"].as_u64() > Some(30), "{report}");

    let nodes: BTreeSet<_> = report["nodes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|node| (node["name"].as_str().unwrap_or_default(), node["type"].as_str()))
        .collect();
    let expected = BTreeSet::from([
        ("web", Some("client")),
        ("web", None),
        ("orders", None),
        ("payments", None),
        ("pricing", None),
        ("https://sqs.eu-central-1.amazonaws.com/123456789012/orders", Some("AWS::SQS::Queue")),
        ("sqlite@shop", Some("Database::SQL")),
        ("worker", Some("client")),
        ("worker", None),
    ]);
    assert_eq!(nodes, expected);
}

#[test]
fn moves_where_the_ports_are_taken_and_says_so() {
    // Whoever else holds them serves as well.
    let _udp = UdpSocket::bind("127.0.0.1:2000");
    let _tcp = TcpListener::bind("127.0.0.1:2001");
    let output = storefront(&["--for", "500ms", "--json"]).output().expect("cargo runs");
    let report = object(&output);
    nothing_is_lost(&report);
    assert_ne!(report["console_url"], "http://127.0.0.1:2001");
    let stderr = text(&output.stderr);
    assert!(stderr.contains("127.0.0.1:2000 is in use"), "{stderr}");
    assert!(stderr.contains("127.0.0.1:2001 is in use"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn ends_in_good_order_when_it_is_asked_to() {
    for signal in ["INT", "TERM"] {
        let mut child =
            storefront(&["--for", "60s"]).stdout(Stdio::piped()).spawn().expect("cargo runs");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        // The first live line: all is running.
        let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains(" s: ")));
        assert!(line.is_some(), "no live line");

        // Cargo has made way for the program, so it has the number that cargo had.
        let kill = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        assert!(kill.expect("kill runs").success());
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        assert!(child.wait().expect("it ends").success(), "{signal}: {rest:?}");
        let last = rest.last().expect("a last word");
        assert!(last.ends_with(" 0 lost"), "{last}");
    }
}

#[test]
fn refuses_an_environment_that_leads_segments_elsewhere() {
    let output = storefront(&["--for", "1s"])
        .env("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:9")
        .output()
        .expect("cargo runs");
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("unset AWS_XRAY_DAEMON_ADDRESS"));
}
