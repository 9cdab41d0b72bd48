//! A service keeps answering while its daemon is killed, and feeds the next one.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, routing::get};
use xray_core::{Recorder, sample::LocalRules};
use xray_tower::XRayLayer;

use crate::{
    program::{Running, address},
    support,
};

const SOON: Duration = Duration::from_secs(10);

fn xrayd(udp: &str) -> (Running, SocketAddr) {
    let mut running =
        Running::start(&["-b", udp, "-t", "127.0.0.1:0", "--no-console", "-l", "error"]);
    let udp = address(&running.line(), "UDP");
    assert!(running.line().starts_with("no console"));
    (running, udp)
}

fn serve(recorder: Recorder) -> SocketAddr {
    let listener = std::net::TcpListener::bind(support::FREE).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let app = Router::new().route("/", get(async || "hello")).layer(XRayLayer::with(recorder));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), app).await.unwrap();
        });
    });
    address
}

fn ask_often(service: SocketAddr) {
    for _ in 0..50 {
        let answer = support::get(service, "/");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
    }
}

#[test]
fn a_killed_daemon_harms_no_request_and_its_successor_is_fed() {
    let (first, udp) = xrayd("127.0.0.1:0");
    let recorder = Recorder::builder("orders")
        .daemon(udp)
        .sampling_rules(LocalRules::everything())
        .build()
        .unwrap();
    let service = serve(recorder.clone());

    ask_often(service);
    first.signal("KILL");
    let (code, _) = first.end();
    assert_eq!(code, None, "killed by the signal");
    ask_often(service);
    assert!(recorder.flush(SOON));
    assert!(recorder.stats().refused > 0, "{:?}", recorder.stats());

    let (mut second, _) = xrayd(&udp.to_string());
    ask_often(service);
    assert!(recorder.flush(SOON));
    second.signal("TERM");
    let balance = second.line();
    assert!(balance.starts_with("received 50 = accepted 50 + rejected 0"), "{balance}");
    assert_eq!(second.end().0, Some(0));
    let stats = recorder.stats();
    assert_eq!((stats.sent, stats.dropped()), (150, 0), "{stats:?}");
}
