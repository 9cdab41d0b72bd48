//! What processes do: seen from outside, in their threads and sockets and in what they decide each second.

use std::fs;
use std::process::Command;

use serde_json::json;
use xray_tests::{Child, program, until};

/// Names of the threads, and what the descriptors are, of a process that runs.
fn threads_and_sockets(child: &Child) -> (Vec<String>, usize) {
    let process = format!("/proc/{}", child.id());
    let names = fs::read_dir(format!("{process}/task")).expect("a process that runs");
    let name = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm")).ok();
    let mut names: Vec<_> = names
        .flatten()
        .filter_map(name)
        .map(|name| name.trim().to_owned())
        .filter(|name| name.starts_with("xray-"))
        .collect();
    names.sort();
    let descriptors = fs::read_dir(format!("{process}/fd")).expect("a process that runs").flatten();
    let target = |descriptor: fs::DirEntry| fs::read_link(descriptor.path()).ok();
    let sockets = descriptors
        .filter_map(target)
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count();
    (names, sockets)
}

fn sampler(daemon: &str) -> Command {
    let mut command = program("sampler");
    command.args(["shop", daemon]);
    command
}

#[cfg(target_os = "linux")]
#[test]
fn switched_off_there_is_no_thread_no_socket_and_no_poll() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    nobody.set_nonblocking(true).expect("a socket");
    let daemon = nobody.local_addr().expect("a bound socket").to_string();
    for (variable, value) in [("AWS_XRAY_SDK_ENABLED", "false"), ("AWS_XRAY_SDK_DISABLED", "true")]
    {
        let mut command = sampler(&daemon);
        command.env(variable, value);
        let mut child = Child::spawn(command);
        let line = child.line();
        assert_eq!(line["sampled"], 0, "{line}");
        assert_eq!(threads_and_sockets(&child), (vec![], 0), "{variable}={value}");
    }
    assert!(nobody.accept().is_err(), "nobody may have called");

    // The same process, switched on: this is what is looked for.
    let mut child = Child::spawn(sampler(&daemon));
    let _ = child.line();
    let (threads, _) = threads_and_sockets(&child);
    assert_eq!(threads, ["xray-emit", "xray-sample"]);
    assert!(nobody.accept().is_ok(), "it asks for rules");

    // Threads end with their recorder.
    child.say(&json!("enough"));
    while child.line().get("dropped").is_none() {}
    until("the threads to end", || threads_and_sockets(&child).0.is_empty().then_some(()));
}
