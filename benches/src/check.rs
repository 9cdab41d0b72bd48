//! The guard of `.ci/run`: counts of ours, which do not depend on the machine's mood.

use std::{fs, net::UdpSocket, path::PathBuf};

use serde_json::{Map, Value, json};

use crate::{
    Options, callgrind,
    contenders::{self, Contender, Running},
    table::number,
};

/// Instructions may grow so much before somebody has to look, and shrink so much before somebody is told.
const MARGIN: f64 = 0.1;

/// Operations that are counted. What is not sent is done in bursts of 16,384; see the driver.
const SENT: u64 = 512;
const UNSENT: u64 = 16_384;
const DECISIONS: u64 = 5_000;

/// A work of ours.
struct Case {
    contender: Contender,
    work: String,
    times: u64,
}

/// Fails where the counts on file are exceeded, or with `--accept` writes what is counted now.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    callgrind::find()?;
    // It takes what comes and nobody reads it.
    let socket = UdpSocket::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = socket.local_addr().map_err(|error| error.to_string())?.to_string();
    let cases = cases(options)?;
    let counted = count(&cases, &address)?;
    let path = file();
    let known = fs::read_to_string(&path).unwrap_or_else(|_| "{}".to_owned());
    let known: Map<String, Value> =
        serde_json::from_str(&known).map_err(|error| format!("{}: {error}", path.display()))?;
    if options.accept { accept(&known, &counted) } else { check(&known, &counted) }
}

fn cases(options: &Options) -> Result<Vec<Case>, String> {
    let case = |contender: &Contender, work: &str, times| Case {
        contender: contender.clone(),
        work: work.to_owned(),
        times,
    };
    let ours = contenders::ours(options);
    let sampling = contenders::sampling(options);
    let mut cases = vec![
        case(&ours, "sampled", SENT),
        case(&ours, "unsampled", UNSENT),
        case(&contenders::provisional(options), "provisional", UNSENT),
    ];
    let running = Running::start(sampling.name, &mut sampling.command(""))?;
    cases.extend(running.works.iter().map(|work| case(&sampling, work, DECISIONS)));
    running.end()?;
    Ok(cases)
}

/// By the work's name, two at a time.
fn count(cases: &[Case], address: &str) -> Result<Map<String, Value>, String> {
    let half = cases.len().div_ceil(2);
    let counted = std::thread::scope(|scope| {
        let workers: Vec<_> = cases
            .chunks(half)
            .map(|cases| {
                scope.spawn(move || cases.iter().map(|case| case.count(address)).collect())
            })
            .collect();
        let failed = |_| Err("counting panicked".to_owned());
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(failed))
            .collect::<Result<Vec<Vec<Value>>, String>>()
    })?;
    let works = cases.iter().map(|case| case.work.clone());
    Ok(works.zip(counted.into_iter().flatten()).collect())
}

impl Case {
    fn count(&self, address: &str) -> Result<Value, String> {
        let Self { contender, work, times } = self;
        let address = if contender.road.is_empty() { "" } else { address };
        let counting = contender.counting_allocations();
        let mut running = Running::start(counting.name, &mut counting.command(address))?;
        // What a thread sets up once is not part of it, and pools fill at first.
        running.caller(work, *times)?;
        // What happens once a second, such as a new second of a reservoir, is no cost of an operation.
        let allocations = (running.caller(work, *times)?.each() * 1_000.0).round() / 1_000.0;
        running.end()?;
        let instructions = callgrind::instructions(contender, address, work, *times)?;
        Ok(json!({"instructions": instructions.round(), "allocations": allocations}))
    }
}

fn check(known: &Map<String, Value>, counted: &Map<String, Value>) -> Result<(), String> {
    let mut broken = Vec::new();
    for (work, now) in counted {
        let figure = |value: &Value, name: &str| value[name].as_f64().unwrap_or(f64::NAN);
        let Some(then) = known.get(work) else {
            broken.push(format!("{work}: nothing is on file"));
            continue;
        };
        let (now_i, then_i) = (figure(now, "instructions"), figure(then, "instructions"));
        let change = format!("{work}: {} instructions, {} on file", number(now_i), number(then_i));
        if now_i > then_i * (1.0 + MARGIN) {
            broken.push(change);
        } else if now_i < then_i * (1.0 - MARGIN) {
            println!("bench: better. {change}; `cargo xtask bench --accept` keeps it so");
        }
        let (now_a, then_a) = (figure(now, "allocations"), figure(then, "allocations"));
        if now_a > then_a {
            broken.push(format!("{work}: {now_a} allocations, {then_a} on file"));
        }
    }
    println!("bench: counts of {} works of ours", counted.len());
    if broken.is_empty() {
        return Ok(());
    }
    Err(format!(
        "recording costs over a tenth more instructions, or more allocations, than {} says:\n  {}\n\
         Make it cheaper; `cargo xtask bench --only requests` and a profile show where it goes. If the \
         instructions are worth it, `cargo xtask bench --accept` takes them, and the commit says why.",
        file().display(),
        broken.join("\n  "),
    ))
}

/// Instructions may go up if somebody says so; allocations never do.
fn accept(known: &Map<String, Value>, counted: &Map<String, Value>) -> Result<(), String> {
    for (work, now) in counted {
        let (now, then) = (&now["allocations"], known.get(work).map(|then| &then["allocations"]));
        if let Some(then) = then
            && now.as_f64() > then.as_f64()
        {
            return Err(format!("{work}: {now} allocations, {then} on file; that never goes up"));
        }
    }
    let path = file();
    let text = format!("{:#}\n", Value::Object(counted.clone()));
    fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    println!("bench: wrote {}", path.display());
    Ok(())
}

fn file() -> PathBuf {
    Options::source().join("ours/counts.json")
}
