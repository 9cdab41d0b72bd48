//! The figures as tables, as JSON and as targets.

use serde_json::{Map, Value, json};

use crate::{
    Section,
    machine::{stamp, versions},
    spread::Rounds,
    table::{number, row, table},
    targets::target,
};

use super::Figures;

/// Whom the others are measured by.
const YARDSTICK: &str = "otel-http";
const OURS: &str = "xray";
const PROVISIONAL: &str = "xray-provisional";
/// Through spans of `tracing`.
const BRIDGE: &str = "xray-tracing";
const BRIDGE_PEER: &str = "tracing-otel";

/// The notes below the tables.
const NOTES: &str = "\
- A request continues a trace of a caller's whose header is parsed: a segment with method, URL, user agent and status; in it
  a remote call with method, URL and status, an SQL query with URL, type, user and text, and a local function, each with
  two annotations, a text and a number or a bool. URLs, the user agent and texts of annotations differ from request to request
  and are lent; names, keys, methods and the query are literals. All contenders get the same 256 requests, made before.
- *sampled* and *unsampled* follow the caller's decision, and the code is the same. *provisional* is ours with a `Keep` that
  keeps faults and what is slow: the caller said no, the request is recorded and thrown away at its end.
- Caller: time of the processor of the thread that records, in bursts of 256 requests, which every queue has room for.
  What waits leaves between the bursts, outside of what is measured; with Node, in turns of the loop of their own.
- Process: user and system time of all threads until all has left. Who is too fast sleeps until a part of the queue is free, so
  nothing is dropped. Queues and batches are the libraries' defaults, but fastrace looks after its queues every 10 ms, not every
  second.
- Of otel-http: the ratio to that peer in the same round, median and range. Contenders take turns; a figure is the median of
  all rounds and their range.
- Instructions are callgrind's, of the recording thread alone; allocations as well, once queues and pools are filled.
- Bytes are those that arrived, without what TCP, HTTP and UDP add below: X-Ray documents with their header line, bodies of OTLP.
  *lost* are documents that did not arrive, or spans that the exporter did not deliver.
- The receiver is a process of its own on the first core; it counts and reads nothing. Its socket asks for no offload (GRO),
  so a sender pays for every datagram, as it does at Amazon's daemon.
- xray-tracing makes the three calls spans of `tracing`, by the same code as tracing-otel, whose request is a span as well; here
  it is a segment, as a middleware begins it. What is known of the calls are annotations then. xray-tracing-sampled-only has `.sampled_only()`.
- otel-aws-nested is otel-aws with `always_nest_subsegments`. tracing-otel and fastrace send OTLP over HTTP.
";

pub(super) fn section(all: &[Figures], rounds: usize) -> Section {
    let scripts = all.iter().map(|figures| figures.version.as_str());
    let scripts: Vec<_> = scripts.filter(|version| !version.is_empty()).collect();
    let peers = versions(&[
        "opentelemetry_sdk",
        "opentelemetry-otlp",
        "opentelemetry-aws",
        "tracing-opentelemetry",
        "fastrace",
        "fastrace-opentelemetry",
    ]);
    let text = format!(
        "{}\n{rounds} rounds. {peers}, {}.\n\n{}\n{}\n{NOTES}",
        stamp(),
        scripts.join(", "),
        callers(all),
        processes(all),
    );
    let json = json!({"rounds": rounds, "peers": peers_json(all), "targets": targets(all)});
    Section { title: "One traced request".to_owned(), text, json }
}

fn find<'a>(all: &'a [Figures], name: &str) -> Option<&'a Figures> {
    all.iter().find(|figures| figures.name == name)
}

fn callers(all: &[Figures]) -> String {
    let mut rows = vec![row([
        "caller",
        "work",
        "ns per request",
        "of otel-http",
        "instructions",
        "allocations",
    ])];
    for work in ["sampled", "provisional", "unsampled"] {
        for figures in all {
            let caller = figures.caller(work);
            if caller.0.is_empty() {
                continue;
            }
            rows.push(vec![
                figures.name.to_owned(),
                work.to_owned(),
                caller.text(),
                caller.ratio(&yardstick(all, work)).text(),
                number(figures.instructions(work).round()),
                number((figures.allocations(work) * 10.0).round() / 10.0),
            ]);
        }
    }
    table(2, &rows)
}

/// A request that is not sampled but recorded is measured by one that is.
fn yardstick(all: &[Figures], work: &str) -> Rounds {
    let work = if work == "provisional" { "sampled" } else { work };
    find(all, YARDSTICK).map(|figures| figures.caller(work)).unwrap_or_default()
}

fn processes(all: &[Figures]) -> String {
    let mut rows = vec![row([
        "process",
        "ns per request",
        "of otel-http",
        "requests/s, 1 thread",
        "2 threads",
        "bytes per request",
        "sent",
        "lost",
    ])];
    let otel = find(all, YARDSTICK).map(|figures| figures.process.clone()).unwrap_or_default();
    for figures in all.iter().filter(|figures| !figures.process.0.is_empty()) {
        rows.push(vec![
            figures.name.to_owned(),
            figures.process.text(),
            figures.process.ratio(&otel).text(),
            figures.rate[0].text(),
            figures.rate[1].text(),
            number(figures.bytes.round()),
            number(figures.sent as f64),
            number(figures.lost as f64),
        ]);
    }
    table(1, &rows)
}

fn peers_json(all: &[Figures]) -> Value {
    let mut peers = Map::new();
    for figures in all.iter().filter(|figures| figures.name != PROVISIONAL) {
        let mut value = json!({
            "caller_sampled_ns": figures.caller("sampled").json(),
            "caller_unsampled_ns": figures.caller("unsampled").json(),
            "process_ns": figures.process.json(),
            "requests_per_s": figures.rate[0].json(),
            "requests_per_s_2_threads": figures.rate[1].json(),
            "bytes_per_request": figures.bytes,
            "sent": figures.sent,
            "lost": figures.lost,
        });
        for (work, allocations) in &figures.allocations {
            value[format!("allocs_{work}")] = json!(allocations);
        }
        for (work, instructions) in &figures.instructions {
            value[format!("instructions_{work}")] = json!(instructions.round());
        }
        peers.insert(figures.name.to_owned(), value);
    }
    if let (Some(ours), Some(provisional)) = (peers.get_mut(OURS), find(all, PROVISIONAL)) {
        ours["caller_provisional_ns"] = provisional.caller("provisional").json();
        ours["allocs_provisional"] = json!(provisional.allocations("provisional"));
        ours["instructions_provisional"] = json!(provisional.instructions("provisional").round());
    }
    Value::Object(peers)
}

fn targets(all: &[Figures]) -> Vec<Value> {
    let names = [OURS, PROVISIONAL, BRIDGE, YARDSTICK, "otel-aws", BRIDGE_PEER];
    let [Some(ours), Some(provisional), Some(bridge), Some(otel), Some(aws), Some(spans)] =
        names.map(|name| find(all, name))
    else {
        return Vec::new();
    };
    let ratio = |rounds: &Rounds, to: &Rounds| rounds.ratio(to).median();
    let caller = |work: &str| ratio(&ours.caller(work), &otel.caller(work));
    let kept = ratio(&provisional.caller("provisional"), &otel.caller("sampled"));
    let bridged = |work: &str| ratio(&bridge.caller(work), &spans.caller(work));
    let most = |figure: &str, limit: f64, measured: f64, unit: &str| {
        target(figure, false, limit, measured, unit)
    };
    vec![
        most("caller, sampled", 0.30, caller("sampled"), "of otel-http"),
        most("caller, sampled", 1_500.0, ours.instructions("sampled"), "instructions"),
        most("caller, sampled", 0.0, ours.allocations("sampled"), "allocations"),
        most("caller, unsampled", 0.06, caller("unsampled"), "of otel-http"),
        most("caller, unsampled", 0.0, ours.allocations("unsampled"), "allocations"),
        most("caller, provisional and dropped", 0.30, kept, "of otel-http, sampled"),
        most(
            "caller, provisional and dropped",
            0.0,
            provisional.allocations("provisional"),
            "allocations",
        ),
        most("caller, through tracing, sampled", 0.25, bridged("sampled"), "of tracing-otel"),
        most("caller, through tracing, unsampled", 0.10, bridged("unsampled"), "of tracing-otel"),
        most("whole process", 0.30, ratio(&ours.process, &otel.process), "of otel-http"),
        most("whole process", 0.10, ratio(&ours.process, &aws.process), "of otel-aws"),
        target(
            "requests/s without loss, 1 thread",
            true,
            3.0,
            ratio(&ours.rate[0], &otel.rate[0]),
            "x otel-http",
        ),
        most("documents lost of those sent", 0.0, ours.lost as f64, ""),
        most("bytes per request", 1_400.0, ours.bytes.round(), ""),
        most("bytes per request", 0.5, ours.bytes / aws.bytes, "of otel-aws"),
    ]
}
