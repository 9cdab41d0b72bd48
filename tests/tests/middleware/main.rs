//! One table of requests, served by axum through `xray-tower` and by actix-web through `xray-actix`
//! over real TCP connections: what is recorded is the same, document for document.

mod access_log;
mod actix_server;
mod axum_server;
mod cases;
mod client;
mod expect;

use std::{net::SocketAddr, time::Duration};

use cases::{CASES, Case, Policy, Recorded, W3C_CASES};
use serde_json::Value;
use xray_core::{Recorder, http::AccessLog, sample::LocalRules, testing::MemoryEmitter};

/// A server under test, on a port of its own. It stops when it is dropped.
trait Server {
    fn start(recorder: Option<Recorder>, policy: Policy, log: Option<AccessLog>) -> Self;
    fn address(&self) -> SocketAddr;
}

#[test]
fn tower_records_the_table() {
    run_table::<axum_server::AxumServer>();
}

#[test]
fn actix_records_the_table() {
    run_table::<actix_server::ActixServer>();
}

fn run_table<S: Server>() {
    let cases = || CASES.iter().chain(W3C_CASES);
    let failures: Vec<String> = cases()
        .filter_map(|case| run::<S>(case).err().map(|error| format!("{}: {error}", case.name)))
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases\n{}",
        failures.len(),
        cases().count(),
        failures.join("\n")
    );
    println!("{} cases", cases().count());
}

fn run<S: Server>(case: &Case) -> Result<(), String> {
    let memory = MemoryEmitter::new();
    let rules: LocalRules = case.rules.parse().expect("the case's rules are valid");
    let recorder = Recorder::builder("shop")
        .emitter(memory.clone())
        .sampling_rules(rules)
        .build()
        .expect("the recorder builds");
    let server = S::start(Some(recorder.clone()), case.policy, None);
    let answer = client::send(server.address(), case.request, case.leave_at);
    expect::answer(case, &answer)?;

    let expected: &[&str] = match &case.recorded {
        Recorded::Nothing => &[],
        Recorded::Documents(documents) => documents,
    };
    let documents = if expected.is_empty() {
        recorder.flush(Duration::from_secs(5));
        memory.take()
    } else {
        memory.wait(expected.len(), Duration::from_secs(10))
    };
    let expected: Vec<Value> = expected
        .iter()
        .map(|text| serde_json::from_str(text).expect("the case's document is JSON"))
        .collect();
    expect::documents(case, &expected, &documents)
}
