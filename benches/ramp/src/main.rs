//! `bench-ramp ADDRESS`: a program that traces requests through the public API of `xray-core`, with the settings of
//! one that says nothing but where the daemon is.
//!
//! It reads lines `RATE<tab>MILLISECONDS` until its input ends, holds that rate of requests a second for that time, and
//! answers with a line of JSON: what it began, sent and lost since its start, and what this step took.

use std::{
    io::{self, BufRead, Write},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use bench_driver::{Contender, Item, pool};
use bench_ours::XRay;
use cpu_time::ProcessTime;
use serde_json::{Value, json};
use xray_core::{Recorder, SegmentId, TraceHeader, TraceId, header::Sampled};

/// Requests come in steps this long, so that none is a burst worth the name.
const STEP: Duration = Duration::from_micros(500);

/// How long what waits may take to leave at the end.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: bench-ramp ADDRESS");
        return ExitCode::FAILURE;
    };
    match run(&address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-ramp: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(address: &str) -> Result<(), String> {
    let recorder = Recorder::builder("orders").daemon(address).build();
    let xray = XRay(recorder.map_err(|error| error.to_string())?);
    let items = pool();
    let mut begun = 0;
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|error| error.to_string())?;
        let words = line.split_once('\t').and_then(|(rate, time)| {
            Some((rate.parse().ok()?, Duration::from_millis(time.parse().ok()?)))
        });
        let (rate, time) = words.ok_or_else(|| format!("not a rate and a time: {line:?}"))?;
        let answer = hold(&xray, &items, rate, time, &mut begun);
        let mut output = io::stdout().lock();
        let said = writeln!(output, "{answer}").and_then(|()| output.flush());
        said.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Holds the rate as far as it can. What is late is made up for in the next steps.
fn hold(xray: &XRay, items: &[Item], rate: f64, time: Duration, begun: &mut u64) -> Value {
    let (cpu, start) = (ProcessTime::now(), Instant::now());
    let (wanted, mut done) = ((rate * time.as_secs_f64()) as u64, 0);
    let mut next = start;
    while done < wanted && start.elapsed() < time.mul_f64(1.2) {
        let due = (start.elapsed().as_secs_f64() * rate) as u64;
        for _ in done..due.min(wanted) {
            xray.request(&parent(), &items[(*begun % items.len() as u64) as usize]);
            *begun += 1;
        }
        done = due.min(wanted).max(done);
        next += STEP;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    let took = start.elapsed();
    let left = xray.0.flush(PATIENCE);
    let stats = xray.0.stats();
    json!({
        "begun": begun,
        "sent": stats.sent,
        "lost": stats.dropped(),
        "bytes": stats.sent_bytes,
        "left": left,
        "rate": done as f64 / took.as_secs_f64(),
        "cpu_ns": cpu.elapsed().as_nanos() as u64,
    })
}

/// Each request is a trace of its own, and was sampled by its caller.
fn parent() -> TraceHeader {
    let mut header = TraceHeader::default();
    header.root = Some(TraceId::random());
    header.parent = Some(SegmentId::random());
    header.sampled = Some(Sampled::Yes);
    header
}
