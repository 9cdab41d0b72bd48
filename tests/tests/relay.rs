//! Documents go through the real `xrayd` into moto's X-Ray, and come out of its API as they were sent.

use std::net::UdpSocket;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use xray_core::Recorder;
use xray_core::sample::LocalRules;
use xray_tests::{Child, client, moto, until_async, xrayd};

/// moto names the account after no one.
const ACCOUNT: &str = "123456789012";
const HEADER: &str = r#"{"format":"json","version":1}"#;

struct Relay {
    /// moto's address.
    moto: String,
    udp: String,
    console: String,
    _children: [Child; 2],
}

impl Relay {
    fn start() -> Self {
        let mut moto = Child::spawn(moto());
        let address = format!("http://127.0.0.1:{}", moto.port());
        let free = "127.0.0.1:0";
        let mut command = xrayd();
        command.args(["-b", free, "-t", free, "--console", free]);
        command.env("AWS_ENDPOINT_URL", &address).env("AWS_REGION", "eu-west-1");
        command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "secret");
        let mut xrayd = Child::spawn(command);
        let first = xrayd.text();
        let end = format!("and relays them to X-Ray in eu-west-1, account {ACCOUNT}, at {address}");
        assert!(first.ends_with(&end), "{first}");
        let (_, rest) = first.split_once("UDP ").expect("the address");
        let udp = rest.split(' ').next().expect("the address").to_owned();
        let console = xrayd.text().replace("console ", "");
        Self { moto: address, udp, console, _children: [xrayd, moto] }
    }

    fn send(&self, body: &str) {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback");
        socket.send_to(format!("{HEADER}\n{body}").as_bytes(), &self.udp).expect("it fits");
    }

    /// What moto's X-Ray answers.
    async fn ask(&self, path: &str, body: Value) -> Value {
        let scope = "Credential=AKIDEXAMPLE/20260101/eu-west-1/xray/aws4_request";
        let request = client().post(format!("{}/{path}", self.moto)).json(&body);
        let request = request.header(
            "Authorization",
            format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"),
        );
        let answer = request.send().await.expect("moto answers");
        answer.error_for_status().expect("a good status").json().await.expect("JSON")
    }

    /// The texts of a trace's documents, once there are as many.
    async fn documents(&self, trace: &str, count: usize) -> Vec<String> {
        until_async("the trace in moto", async || {
            let answer = self.ask("Traces", json!({ "TraceIds": [trace] })).await;
            let segments = answer["Traces"][0]["Segments"].as_array()?;
            let text = |segment: &Value| segment["Document"].as_str().map(str::to_owned);
            (segments.len() >= count).then(|| segments.iter().filter_map(text).collect())
        })
        .await
    }

    /// The relay's part of the status page's data, once so many documents have found their fate.
    async fn report(&self, settled: u64) -> Value {
        until_async("the relay's counts", async || {
            let address = format!("{}/api/status", self.console);
            let status: Value = client().get(address).send().await.ok()?.json().await.ok()?;
            let relay = status["status"]["relay"].clone();
            let done = relay["taken"].as_u64()? >= settled && relay["waiting"] == 0;
            done.then_some(relay)
        })
        .await
    }
}

fn trace_id(now: u64) -> String {
    format!("1-{now:08x}-a006649127e371903a2de979")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_request_is_in_x_ray() {
    let relay = Relay::start();
    let xray = Recorder::builder("orders")
        .daemon(&relay.udp)
        .sampling_rules(LocalRules::everything())
        .build()
        .expect("a good address");
    let segment = xray.begin_segment("orders");
    let trace = segment.trace_id().to_string();
    segment.end();
    assert_eq!(relay.documents(&trace, 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_the_same_in_x_ray() {
    let relay = Relay::start();
    let now = now();
    let trace = trace_id(now);
    let body = |id: &str, start: u64| {
        format!(
            "{{\"name\" : \"orders\",\"id\":\"{id}\",\"trace_id\":\"{trace}\",\n\"start_time\":{start}.250,\
             \"end_time\":{start}.5e0, \"metadata\":{{\"é\\u00e9\":[1.50,-0.0,12345678901234567890]}} }}"
        )
    };
    let sent = [body("70de5b6f19ff9a0a", now - 3), body("70de5b6f19ff9a0b", now - 2)];
    for body in &sent {
        relay.send(body);
    }
    assert_eq!(relay.documents(&trace, 2).await, sent);
    let summaries =
        relay.ask("TraceSummaries", json!({ "StartTime": now - 60, "EndTime": now + 60 })).await;
    assert_eq!(summaries["TraceSummaries"][0]["Id"], trace, "{summaries}");

    // moto knows no OTLP: it says so, and the relay counts it by that name.
    relay.send("T1SCgIKAA==");
    let report = relay.report(3).await;
    assert_eq!(report["state"], "on");
    assert_eq!((&report["region"], &report["account"]), (&json!("eu-west-1"), &json!(ACCOUNT)));
    assert_eq!((&report["sent"], &report["unprocessed"]), (&json!(2), &json!(1)), "{report}");
    let page = client().get(format!("{}/status", relay.console)).send().await.expect("a page");
    let page = page.text().await.expect("text");
    assert!(page.contains("Relay to X-Ray") && page.contains(ACCOUNT), "{page}");
}
