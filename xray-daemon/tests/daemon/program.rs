//! The program as a user runs it.

use std::net::{TcpListener, UdpSocket};

use crate::running::{Running, address, xrayd};
use crate::support::{FREE, ask, datagram, document, get};

fn output(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = xrayd(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn receives_shows_and_balances_at_the_end() {
    for signal in ["TERM", "INT"] {
        let mut running = Running::start(&[
            "-b",
            "127.0.0.1:0",
            "-t",
            "127.0.0.1:0",
            "--console",
            "127.0.0.1:0",
            "-l",
            "error",
        ]);
        let first = running.line();
        assert!(first.starts_with(&format!("xrayd {} ", env!("CARGO_PKG_VERSION"))), "{first}");
        let console = running.line();
        assert!(console.starts_with("console http://127.0.0.1:"), "{console}");
        assert!(running.line().starts_with("sampling rule Default: one request a second"));

        let socket = UdpSocket::bind(FREE).unwrap();
        let udp = address(&first, "UDP");
        for _ in 0..3 {
            socket.send_to(&datagram(&document("orders")), udp).unwrap();
        }
        socket.send_to(&datagram("not json"), udp).unwrap();
        socket.send_to(&datagram("T1SCgIKAA=="), udp).unwrap();
        running.signal(signal);
        assert_eq!(
            running.line(),
            "received 5 = accepted 3 + rejected 1 (bad_json 1) + other kinds 1 + dropped 0 + queued 0; \
             dropped by the kernel 0"
        );
        assert_eq!(running.end(), (Some(0), String::new()));
    }
}

#[test]
fn a_taken_port_is_named_with_the_flag_that_helps() {
    let held_udp = UdpSocket::bind(FREE).unwrap();
    let held_tcp = TcpListener::bind(FREE).unwrap();
    let taken_udp = held_udp.local_addr().unwrap().to_string();
    let taken_tcp = held_tcp.local_addr().unwrap().to_string();
    let free = "127.0.0.1:0";
    let cases = [
        (
            [taken_udp.as_str(), free, free],
            format!("xrayd: UDP {taken_udp} is in use"),
            "with --bind\n",
        ),
        (
            [free, &taken_tcp, free],
            format!("xrayd: TCP {taken_tcp} is in use"),
            "with --bind-tcp\n",
        ),
        ([free, free, &taken_tcp], format!("xrayd: TCP {taken_tcp} is in use"), "with --console\n"),
    ];
    for ([bind, bind_tcp, console], start, end) in cases {
        let (code, stdout, stderr) =
            output(&["--bind", bind, "--bind-tcp", bind_tcp, "--console", console]);
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
        assert!(stderr.starts_with(&start) && stderr.contains("another"), "{stderr}");
        assert!(stderr.ends_with(end), "{stderr}");
    }
}

#[test]
fn the_console_stays_on_loopback() {
    let (code, _, stderr) =
        output(&["-b", "127.0.0.1:0", "-t", "127.0.0.1:0", "--console", "0.0.0.0:0"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("cannot serve the console"), "{stderr}");
}

#[test]
fn documents_from_other_machines_are_allowed_with_a_warning() {
    let mut running =
        Running::start(&["-b", "0.0.0.0:0", "-t", "127.0.0.1:0", "--no-console", "-l", "warn"]);
    assert!(running.line().contains("UDP 0.0.0.0:"));
    assert!(running.line().starts_with("no console"));
    assert!(running.line().starts_with("sampling rule Default"));
    running.signal("TERM");
    assert!(running.line().starts_with("received 0 "));
    let (code, log) = running.end();
    assert_eq!(code, Some(0));
    assert!(log.contains("can be reached from other machines"), "{log}");
}

#[test]
fn a_rules_file_is_named_at_the_start_and_a_bad_one_ends_it() {
    let free = "127.0.0.1:0";
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(format!("program-{}.json", std::process::id()));
    let file = path.to_str().unwrap();
    let arguments = ["-b", free, "-t", free, "--no-console", "--sampling-rules", file];
    std::fs::write(&path, r#"[{"RuleName":"a","ReservoirSize":1,"FixedRate":0}]"#).unwrap();
    let mut running = Running::start(&arguments);
    let tcp = address(&running.line(), "TCP");
    assert!(running.line().starts_with("no console"));
    assert_eq!(running.line(), format!("sampling rules of {file}"));
    let request = "POST /GetSamplingRules HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    let answer = ask(tcp, request);
    assert!(answer.contains(r#""RuleName":"a""#), "{answer}");
    drop(running);

    std::fs::write(&path, r#"[{"RuleName":"a","ReservoirSize":1,"FixedRat":0}]"#).unwrap();
    let (code, stdout, stderr) = output(&arguments);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    let wrong = "/0/FixedRat is not known here: did you mean FixedRate?";
    assert_eq!(stderr, format!("xrayd: sampling rules in {file}: {wrong}\n"));
    std::fs::remove_file(&path).unwrap();
    let (code, _, stderr) = output(&arguments);
    assert_eq!(code, Some(1));
    assert!(
        stderr.starts_with(&format!("xrayd: cannot read the sampling rules in {file}: ")),
        "{stderr}"
    );
}

#[test]
fn the_memory_of_the_console_is_for_the_user_to_say() {
    let free = "127.0.0.1:0";
    let mut running =
        Running::start(&["-b", free, "-t", free, "--console", free, "--max-memory", "8"]);
    running.line();
    let console = running.line();
    let status = get(address(&console, "http://"), "/api/status");
    assert!(status.contains("\"max_bytes\":8388608"), "{status}");
    for wrong in ["0", "-1", "many"] {
        assert_eq!(output(&["--max-memory", wrong]).0, Some(2), "{wrong}");
    }
}

#[test]
fn help_and_version_say_what_it_is() {
    let (code, help, _) = output(&["--help"]);
    assert_eq!(code, Some(0));
    for piece in [
        "stay on this machine",
        "centralized sampling",
        "--sampling-rules <FILE>",
        "--no-console",
        "127.0.0.1:2001",
        "--max-memory",
        "[default: 256]",
        "about twice that",
    ] {
        assert!(help.contains(piece), "{piece} in {help}");
    }
    for piece in ["Documents go to AWS X-Ray", "--relay <WHEN>", "[default: auto]"] {
        assert_eq!(help.contains(piece), cfg!(feature = "relay"), "{piece} in {help}");
    }
    for flag in ["-v", "--version"] {
        let (code, version, _) = output(&[flag]);
        assert_eq!((code, version), (Some(0), format!("xrayd {}\n", env!("CARGO_PKG_VERSION"))));
    }
    assert_eq!(output(&["--nosuch"]).0, Some(2));
}
