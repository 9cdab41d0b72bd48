//! 15: the daemon's address and the environment.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{begin, begin_sub, end, op, play_as, script};
use crate::drivers::{Inbox, drive, ours};

fn configure(daemon: &str) -> Value {
    json!({"op": "configure", "service": "orders", "sampling": false, "daemon": daemon})
}

/// How many documents arrive at `inbox`, where the environment and the code name these addresses;
/// and the log.
fn arrives(inbox: Inbox, environment: Option<&str>, code: &str) -> (usize, String) {
    let mut driver = ours();
    driver.envs(environment.map(|address| ("AWS_XRAY_DAEMON_ADDRESS", address)));
    let (answers, log) = drive(driver, script(&configure(code), &[begin("s"), end()]).as_bytes());
    assert_eq!(answers[0], json!({"ok": true}));
    (inbox.close().0.len(), log)
}

/// Where nobody listens.
fn nowhere() -> SocketAddr {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("loopback");
    socket.local_addr().expect("bound")
}

#[test]
fn address_and_env() {
    let inbox = Inbox::open();
    let address = format!("udp:{} tcp:192.168.0.1:3000", inbox.address());
    assert_eq!(arrives(inbox, None, &address).0, 1);
    let inbox = Inbox::open();
    let address = format!("tcp:192.168.0.1:3000 udp:{}", inbox.address());
    assert_eq!(arrives(inbox, None, &address).0, 1);

    for wrong in ["tcp:h:1", "a:1 b:2", "127.0.0.1", "127.0.0.1:2000:9", "127.0.0.1:x"] {
        let (answers, _) = drive(ours(), format!("{}\n", configure(wrong)).as_bytes());
        assert!(answers[0]["error"].is_string(), "{wrong}: {answers:?}");
    }

    let inbox = Inbox::open();
    let environment = inbox.address().to_string();
    assert_eq!(arrives(inbox, Some(&environment), &nowhere().to_string()).0, 1);
    let inbox = Inbox::open();
    let code = inbox.address().to_string();
    let (count, log) = arrives(inbox, Some("garbage"), &code);
    assert_eq!(count, 1);
    assert!(log.contains("ERROR") && log.contains("AWS_XRAY_DAEMON_ADDRESS"), "{log}");

    let plain = json!({"op": "configure", "service": "orders"});
    let bogus = [("AWS_XRAY_CONTEXT_MISSING", "bogus")];
    let outcome = play_as(&plain, &bogus, &[begin_sub("nowhere")]);
    assert_eq!(outcome.answers, [json!({"ok": true, "id": null})]);
    assert!(outcome.log.contains("AWS_XRAY_CONTEXT_MISSING"), "{}", outcome.log);
    assert!(outcome.log.contains("outside of a segment"), "{}", outcome.log);

    let dynamic = json!({
        "op": "configure", "service": "orders", "sampling": false,
        "dynamic_naming": "*.example.com",
    });
    let with_host = |host| json!({"op": "begin_segment", "host": host});
    let lines = [with_host("a.example.com"), op("current"), with_host("zzz"), op("current")];
    let outcome = play_as(&dynamic, &[("AWS_XRAY_TRACING_NAME", "env")], &lines);
    assert_eq!(outcome.answers[1]["name"], "a.example.com");
    assert_eq!(outcome.answers[3]["name"], "env");
}
