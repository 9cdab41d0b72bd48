//! One order, from the customer's click to the worker: one trace, compared whole, and the lines that are
//! logged on its way.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use regex::Regex;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::storefront;

/// Each entity on a line, under its parent: its name, and the rest of it. `…` is what differs from run to run.
const EXPECTED: &str = include_str!("checkout.txt");
/// What stands for `…` there.
const VARYING: [&str; 8] = [
    "authorisation",
    "content_length",
    "message_id",
    "order_id",
    "page_bytes",
    "request_id",
    "risk",
    "score",
];
const PATIENCE: Duration = Duration::from_secs(60);

/// The demo while it runs; killed on drop.
struct Shop {
    child: Child,
    lines: Receiver<String>,
    console: String,
    url: String,
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Shop {
    fn open() -> Self {
        let mut command = storefront(&["--for", "120s", "--json"]);
        command.env("RUST_LOG", "storefront=info").stderr(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().expect("cargo runs");
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|line| send.send(line))
        });
        let url = |word: &str| {
            let address = Regex::new(&format!(r"^ *{word} +(http://[^/ ]+)")).expect("a pattern");
            let found = lines.iter().find_map(|line| Some(address.captures(&line)?[1].to_owned()));
            found.unwrap_or_else(|| panic!("the demo ended without an address of the {word}"))
        };
        let (console, url) = (url("console"), url("shop"));
        Self { child, lines, console, url }
    }

    /// What is logged of a trace.
    fn logged(mut self, trace: &str) -> Vec<String> {
        self.child.kill().expect("it runs");
        self.lines.iter().filter(|line| line.contains(trace)).collect()
    }
}

/// An entity of a trace, by how deep it lies.
type Row = (usize, Value);

#[tokio::test]
async fn an_order_is_one_trace() {
    let shop = Shop::open();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
    let trace = format!("1-{now:08x}-{:024x}", 0xC0FFEE);
    let order = Client::new()
        .post(format!("{}/checkout", shop.url))
        .header("X-Amzn-Trace-Id", format!("Root={trace}"))
        .form(&json!({ "customer": "customer-1001", "product": 4, "quantity": 3 }));
    let answer = order.send().await.expect("the shop answers");
    assert_eq!(answer.status(), StatusCode::OK);
    // A customer who leaves early is an error.
    answer.bytes().await.expect("a page");

    let expected: Vec<Row> = EXPECTED.lines().map(parsed).collect();
    let rows = complete(&shop, &trace, expected.len()).await;
    let plain: Vec<Row> = rows.iter().map(|(depth, entity)| (*depth, plain(entity))).collect();
    for (row, expected) in plain.iter().zip(&expected) {
        assert_eq!(row, expected);
    }
    assert_eq!(plain.len(), expected.len(), "{plain:#?}");

    let id = |name: &str| {
        let segment = rows
            .iter()
            .find(|(_, entity)| entity["name"] == name && entity.get("service").is_some());
        segment.expect("a segment").1["id"].as_str().expect("an id").to_owned()
    };
    let logged = shop.logged(&trace);
    for (line, (text, service)) in
        logged.iter().zip([("customer-1001 has paid", "payments"), (" is placed", "orders")])
    {
        let id = id(service);
        let end =
            format!("{text} trace_id={trace} segment_id={id} AWS-XRAY-TRACE-ID: {trace}@{id}");
        assert!(line.ends_with(&end), "{line:?} does not end with {end:?}");
    }
    assert_eq!(logged.len(), 2, "{logged:#?}");
}

/// The trace once it has so many entities and none is in progress.
async fn complete(shop: &Shop, trace: &str, count: usize) -> Vec<Row> {
    let begin = Instant::now();
    loop {
        let url = format!("{}/api/traces/{trace}", shop.console);
        let columns = json(&url).await;
        let ended = columns["length"].as_array().is_some_and(|lengths| {
            lengths.len() >= count && lengths.iter().all(|length| length.as_f64() >= Some(0.0))
        });
        if ended || begin.elapsed() > PATIENCE {
            let mut rows = Vec::new();
            let depths = columns["depth"].as_array().into_iter().flatten();
            for (key, depth) in columns["key"].as_array().into_iter().flatten().zip(depths) {
                let span = json(&format!("{url}/spans/{}", key.as_str().expect("a key"))).await;
                let depth = depth.as_u64().and_then(|depth| depth.try_into().ok());
                rows.push((depth.expect("a depth"), span["detail"]["entity"].clone()));
            }
            return rows;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn json(url: &str) -> Value {
    let answer = reqwest::get(url).await.expect("the console answers");
    answer.json().await.expect("JSON")
}

/// A line of the expected trace.
fn parsed(line: &str) -> Row {
    let text = line.trim_start();
    let (name, rest) = text.split_once(" {").expect("a name and the rest");
    let mut entity: Value = serde_json::from_str(&format!("{{{rest}")).expect("JSON");
    entity["name"] = name.into();
    ((line.len() - text.len()) / 2, entity)
}

/// An entity without ids and times, which it has to have.
fn plain(entity: &Value) -> Value {
    let mut entity = entity.clone();
    let fields = entity.as_object_mut().expect("an object");
    for name in ["id", "start_time", "end_time"] {
        assert!(fields.remove(name).is_some(), "{name} is missing in {fields:?}");
    }
    // A segment, as opposed to a subsegment: it names its trace and its SDK.
    if fields.remove("trace_id").is_some() {
        fields.remove("parent_id");
        assert!(fields.remove("service").is_some(), "no service in {fields:?}");
        let aws = fields.remove("aws").unwrap_or_default();
        assert_eq!(aws["xray"]["sdk"], "X-Ray for Rust");
    }
    settle(&mut entity);
    entity
}

/// Puts `…` where a value differs from run to run.
fn settle(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if VARYING.contains(&name.as_str()) {
                    *value = "…".into();
                } else {
                    settle(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(settle),
        Value::String(text) => {
            let varying = Regex::new(r"(127\.0\.0\.1:|^tonic/)[\d.]+").expect("a pattern");
            *text = varying.replace(text, "$1…").into_owned();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
