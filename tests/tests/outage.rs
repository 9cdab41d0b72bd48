//! The daemon dies in the middle of the traffic and comes back. Nobody restarts the service.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::Router;
use axum::routing::get;
use serde_json::Value;
use xray_core::sample::LocalRules;
use xray_core::{Recorder, subsegment};
use xray_tests::{Child, client, until_async, xrayd};
use xray_tower::XRayLayer;

/// The daemon as a process of its own.
struct Daemon {
    udp: SocketAddr,
    console: String,
    _process: Child,
}

impl Daemon {
    fn start(udp: &str) -> Self {
        let mut command = xrayd();
        command.args(["--bind", udp, "--bind-tcp", "127.0.0.1:0", "--console", "127.0.0.1:0"]);
        let mut process = Child::spawn(command);
        let first = process.text();
        let (_, udp) = first.split_once("UDP ").expect("where it listens");
        let udp = udp.split([' ', ')']).next().expect("an address").parse().expect("an address");
        let second = process.text();
        let (_, console) = second.split_once("http://").expect("where the console is");
        Self { udp, console: console.to_owned(), _process: process }
    }

    /// Waits until this daemon has received at least so many documents.
    async fn is_fed(&self, documents: u64) {
        until_async("documents at the daemon", async || {
            let address = format!("http://{}/api/status", self.console);
            let status: Value = client().get(address).send().await.ok()?.json().await.ok()?;
            (status["status"]["accepted"].as_u64()? >= documents).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_answered_while_the_daemon_is_away() {
    let daemon = Daemon::start("127.0.0.1:0");
    let udp = daemon.udp;
    let xray = Recorder::builder("orders")
        .daemon(udp)
        .sampling_rules(LocalRules::everything())
        .build()
        .expect("a good address");
    let service = serve(&xray).await;

    let stop = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicU64::new(0));
    let visitor = tokio::spawn({
        let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
        async move {
            let client = client();
            while !stop.load(Ordering::Relaxed) {
                let answer = client.get(format!("http://{service}/")).send().await;
                assert_eq!(answer.expect("an answer").text().await.expect("a whole body"), "ok");
                answered.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let is_answered = async |more: u64| {
        let goal = answered.load(Ordering::Relaxed) + more;
        let enough = async || (answered.load(Ordering::Relaxed) >= goal).then_some(());
        until_async("answers", enough).await;
    };

    daemon.is_fed(50).await;
    drop(daemon); // kills it
    is_answered(200).await;
    let daemon = Daemon::start(&udp.to_string());
    daemon.is_fed(50).await;

    stop.store(true, Ordering::Relaxed);
    visitor.await.expect("every request was answered");
    assert!(xray.stats().refused > 0, "{:?}", xray.stats());
}

async fn serve(xray: &Recorder) -> SocketAddr {
    let work = async || subsegment("work", async |_| "ok").await;
    let app = Router::new().route("/", get(work)).layer(XRayLayer::with(xray.clone()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async { axum::serve(listener, app).await });
    address
}
