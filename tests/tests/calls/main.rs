//! One table of calls, made with hyper's client through `xray-tower`, with reqwest through
//! `xray-reqwest` and with awc through `xray-actix`, over real TCP connections: what is recorded, and
//! what the called service sees, is the same.

mod awc_client;
mod cases;
mod expect;
mod layers;
mod linked;
mod reqwest_client;
mod server;
mod tower_client;

use std::{sync::Arc, time::Duration};

use cases::{CASES, Case, Inside, Setup};
use serde_json::Value;
use server::Server;
use tokio::sync::Notify;
use xray_core::{
    Delivery, Entity, Recorder, Segment, TraceHeader, header::CallerHeaders, testing::MemoryEmitter,
};

/// A client under test.
trait Client {
    /// Where its column stands in a case.
    const COLUMN: usize;
    /// Makes the call with `inside` as the current entity.
    fn call(setup: Setup, ask: Ask, inside: Option<Entity>) -> Answer;
}

struct Ask {
    method: &'static str,
    url: String,
    headers: &'static [(&'static str, &'static str)],
    read: Read,
    /// The server has read the request.
    arrived: Arc<Notify>,
}

/// What the caller does with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Whole,
    /// Takes the head only.
    Head,
    /// Goes away as soon as the server has the request.
    GiveUp,
}

/// Status and body as far as it came; an error without a head is `error`, the end of a body that breaks
/// off is ` error`.
type Answer = String;

/// Gives a layer or a middleware of any client the setup of a case.
macro_rules! set_up {
    ($client:expr, $setup:expr) => {
        match $setup {
            $crate::cases::Setup::Usual => $client,
            $crate::cases::Setup::Named => $client.name("payments"),
            $crate::cases::Setup::Traced => $client.traced_hosts(["127.0.0.?"]),
            $crate::cases::Setup::TracedElsewhere => $client.traced_hosts(["*.internal"]),
            $crate::cases::Setup::BodyEnd => $client.until_body_end(),
            $crate::cases::Setup::Ignore => {
                $client.ignore(xray_core::http::IgnoredCalls::new().host("127.*").urls(["/plain"]))
            }
        }
    };
}
use set_up;

#[test]
fn tower_records_the_table() {
    run_table::<tower_client::TowerClient>();
}

#[test]
fn reqwest_records_the_table() {
    run_table::<reqwest_client::ReqwestClient>();
}

#[test]
fn awc_records_the_table() {
    run_table::<awc_client::AwcClient>();
}

fn run_table<C: Client>() {
    let run = |case: &Case| run::<C>(case).err().map(|error| format!("{}: {error}", case.name));
    let failures: Vec<String> = CASES.iter().filter_map(run).collect();
    let (failed, all) = (failures.len(), CASES.len());
    assert!(failures.is_empty(), "{failed} of {all} cases\n{}", failures.join("\n"));
    println!("{all} cases");
}

fn run<C: Client>(case: &Case) -> Result<(), String> {
    let memory = MemoryEmitter::new();
    let recorder = Recorder::builder("shop")
        .emitter(memory.clone())
        .delivery(Delivery::Inline)
        .build()
        .expect("the recorder builds");
    let server = Server::start();
    let segment = segment(&recorder, case.inside);
    let ask = Ask {
        method: case.method,
        url: case.url.replace("{server}", &server.address().to_string()),
        headers: case.headers,
        read: case.read,
        arrived: server.arrived(),
    };
    let answer = C::call(case.setup, ask, segment.as_deref().cloned());
    if answer != case.answers(C::COLUMN) {
        return Err(format!("the caller got {answer:?}, expected {:?}", case.answers(C::COLUMN)));
    }
    drop(segment);
    recorder.flush(Duration::from_secs(5));
    let documents: Vec<Value> = memory.take();
    expect::seen(case, C::COLUMN, &server.seen(), &documents)?;
    expect::documents(case, C::COLUMN, &server.address().to_string(), documents)
}

fn segment(recorder: &Recorder, inside: Inside) -> Option<Segment> {
    let builder = recorder.segment("shop");
    match inside {
        Inside::Nothing => None,
        Inside::Sampled => Some(builder.sampled(true).begin()),
        Inside::Caller(header) => Some(builder.header(TraceHeader::parse(header)).begin()),
        Inside::W3c(parent, state) => {
            let caller = CallerHeaders {
                traceparent: Some(parent.as_bytes()),
                tracestate: Some(state.as_bytes()),
                ..CallerHeaders::default()
            };
            Some(builder.context(recorder.trace_context(&caller)).begin())
        }
    }
}
