//! `bench-servers FRAMEWORK TRACING RATE ADDRESS`: a server that says hello, on one thread.
//!
//! `FRAMEWORK` is `axum` or `actix`; `TRACING` is `plain`, `xray` or `otel`, of so many requests as `RATE` says, from 0 to
//! 1, and sent to `ADDRESS`. The first line of its output is where it listens. After that it answers each line of standard
//! input with a line of JSON, `flush` once all has left, and it ends with its input.

mod actix;
mod axum;
mod tracing;

use std::{
    io::{self, BufRead, Write},
    net::{Ipv4Addr, TcpListener},
    process::ExitCode,
    thread,
};

use cpu_time::ProcessTime;
use serde_json::json;

use tracing::Tracing;

const USAGE: &str = "usage: bench-servers axum|actix plain|xray|otel RATE ADDRESS";

/// What every server says.
pub(crate) const HELLO: &str = "Hello, World!";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-servers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let [framework, tracing, rate, address] = words[..] else { return Err(USAGE.to_owned()) };
    let rate = rate.parse().map_err(|_| USAGE)?;
    let tracing = Tracing::start(tracing, rate, address)?;
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    let here = listener.local_addr().map_err(|error| error.to_string())?;
    say(&here.to_string());
    let kind = tracing.kind();
    // It ends with the process.
    let server = match framework {
        "axum" => thread::spawn(move || axum::serve(listener, kind)),
        "actix" => thread::spawn(move || actix::serve(listener, kind)),
        _ => return Err(USAGE.to_owned()),
    };
    for line in io::stdin().lock().lines() {
        if line.map_err(|error| error.to_string())? == "flush" {
            tracing.flush();
        }
        if server.is_finished() {
            return Err("the server has ended".to_owned());
        }
        let cpu = ProcessTime::now().as_duration().as_nanos() as u64;
        let (recorded, lost) = tracing.recorded();
        say(&json!({"cpu_ns": cpu, "recorded": recorded, "lost": lost}).to_string());
    }
    Ok(())
}

fn say(line: &str) {
    let mut output = io::stdout().lock();
    // Whoever asks may have gone; the next line read says so.
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
