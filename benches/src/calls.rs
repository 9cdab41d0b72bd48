//! What each integration adds to a call.

use serde_json::{Value, json};

use crate::{
    Options, Section, build, callgrind,
    contenders::{self, Contender, Running},
    machine::{Core, pinned, stamp, versions},
    sink::Sink,
    spread::Rounds,
    table::{number, row, table},
};

const ROUNDS: usize = 41;

/// How long a round of one work is at least, in nanoseconds.
const ROUND: f64 = 3e6;

/// Calls that are counted.
const COUNTED: u64 = 2_048;

/// How the works of a call are named, after its own name; the first one is what the others add to.
const WAYS: [&str; 3] = ["plain", "sampled", "not sampled"];

const NOTES: &str = "\
- Time of the processor, of the thread that calls: the median of rounds that all works take in turn, each of 3 ms or more, on one
  core. What is added is the difference, round by round: negative where a round was disturbed.
- Each call is answered at once and by nobody, so *plain* is what it takes to make the request and the answer. All stand in a
  segment of 64 calls, whose begin, end, document and sending are not part of the figures. Reading the clock is, once in 64 calls:
  it is nearly all of the smallest *plain*, and nothing of what is added.
- Instructions and allocations are what is added: sampled / not sampled.
- A request is a POST with a content type, and its answer a 200; with gRPC the head of the answer has the status. The query
  is of 34 bytes, and has nothing to hide. The one field of `#[subsegment]` is a number.
- *bytes* is what a sampled call adds to the document that is sent.
- *plain* of `SqlxLayer` is the event with a registry that has no layer: without any subscriber an event costs next to nothing.
";

/// One line of the table; arrays are in the order of [`WAYS`].
struct Call {
    name: String,
    times: [u64; 3],
    ns: [Rounds; 3],
    instructions: [f64; 3],
    allocations: [f64; 3],
    /// What a sampled one adds to the document.
    bytes: f64,
}

pub(crate) fn run(options: &Options) -> Result<Section, String> {
    build::sibling("bench-calls")?;
    let contender = contenders::calls(options);
    let mut sink = Sink::start(options)?;
    let address = sink.address(contender.road).to_owned();
    let mut command = pinned(&contender.command(&address), Core::Last);
    let mut running = Running::start(contender.name, &mut command)?;
    let mut calls: Vec<_> = names(&running).map(Call::new).collect();
    for call in &mut calls {
        call.fill_rounds(&mut running)?;
        call.bytes = call.sent("sampled", &mut running, &mut sink)?
            - call.sent("plain", &mut running, &mut sink)?;
        if call.bytes <= 0.0 {
            return Err(format!("{} records nothing", call.name));
        }
    }
    for _ in 0..ROUNDS {
        for call in &mut calls {
            for (way, name) in WAYS.iter().enumerate() {
                let taken = running.caller(&call.work(name), call.times[way])?;
                call.ns[way].0.push(taken.each());
            }
        }
    }
    running.end()?;
    for call in &mut calls {
        call.count(&contender, &address)?;
    }
    let text = format!(
        "{}\n{}. {ROUNDS} rounds.\n\n{}\n{NOTES}",
        stamp(),
        versions(&["tower", "reqwest", "reqwest-middleware", "tracing"]),
        text(&calls),
    );
    let json = json!({
        "rounds": ROUNDS,
        "calls": calls.iter().map(Call::json).collect::<Vec<_>>(),
    });
    Ok(Section { title: "Calls".to_owned(), text, json })
}

fn names(running: &Running) -> impl Iterator<Item = &str> {
    running.works.iter().filter_map(|work| work.strip_suffix(" / plain"))
}

impl Call {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            times: [1; 3],
            ns: Default::default(),
            instructions: [f64::NAN; 3],
            allocations: [f64::NAN; 3],
            bytes: f64::NAN,
        }
    }

    fn work(&self, way: &str) -> String {
        format!("{} / {way}", self.name)
    }

    /// So many calls that they fill a round; they also warm up.
    fn fill_rounds(&mut self, running: &mut Running) -> Result<(), String> {
        for (way, name) in WAYS.iter().enumerate() {
            let work = self.work(name);
            while running.caller(&work, self.times[way])?.total < ROUND {
                self.times[way] *= 2;
            }
        }
        Ok(())
    }

    /// Bytes of documents, of each call.
    fn sent(&self, way: &str, running: &mut Running, sink: &mut Sink) -> Result<f64, String> {
        let before = sink.settled(0)?;
        running.caller(&self.work(way), COUNTED)?;
        let received = sink.settled(before.documents + 1)?.since(before);
        Ok(received.document_bytes as f64 / COUNTED as f64)
    }

    fn count(&mut self, contender: &Contender, address: &str) -> Result<(), String> {
        let counting = contender.counting_allocations();
        let mut running = Running::start(counting.name, &mut counting.command(address))?;
        for (way, name) in WAYS.iter().enumerate() {
            let work = self.work(name);
            // The first ones set up what a thread needs once.
            running.caller(&work, COUNTED)?;
            self.allocations[way] = running.caller(&work, COUNTED)?.each();
            if callgrind::find().is_ok() {
                self.instructions[way] =
                    callgrind::instructions(contender, address, &work, COUNTED)?;
            }
        }
        running.end()
    }

    fn added(&self, way: usize) -> Rounds {
        self.ns[way].above(&self.ns[0])
    }

    fn json(&self) -> Value {
        let [plain, sampled, unsampled] = &self.ns;
        json!({
            "name": self.name.replace('`', ""),
            "plain_ns": plain.json(),
            "sampled_ns": sampled.json(),
            "unsampled_ns": unsampled.json(),
            "sampled_added_ns": self.added(1).json(),
            "unsampled_added_ns": self.added(2).json(),
            "instructions": self.instructions.map(f64::round),
            "allocations": self.allocations,
            "bytes": self.bytes,
        })
    }
}

fn text(calls: &[Call]) -> String {
    let mut rows = vec![row([
        "call",
        "plain, ns",
        "sampled, added ns",
        "not sampled, added ns",
        "instructions",
        "allocations",
        "bytes",
    ])];
    rows.extend(calls.iter().map(|call| {
        vec![
            call.name.clone(),
            call.ns[0].text(),
            call.added(1).text(),
            call.added(2).text(),
            both(call.instructions.map(f64::round)),
            both(call.allocations.map(|count| (count * 100.0).round() / 100.0)),
            number(call.bytes.round()),
        ]
    }));
    table(1, &rows)
}

/// What is added where it is sampled and where not.
fn both([plain, sampled, unsampled]: [f64; 3]) -> String {
    format!("{} / {}", number(sampled - plain), number(unsampled - plain))
}
