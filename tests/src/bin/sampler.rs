//! A process that decides, and records, a hundred times a second by the rules that its daemon gives it.
//!
//! Usage: `sampler SERVICE DAEMON_ADDRESS`. Each second it prints `{"second", "requests", "sampled"}`. A line on its
//! standard input drops the recorder, which it answers with `{"dropped": true}`; it ends when the input closes. Its twin for the official Python SDK is `tests/peers/sampler.py`.

use std::io::{Read, stdin};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use xray_core::Recorder;
use xray_core::sample::{CentralizedSampling, LocalRules};

const PAUSE: Duration = Duration::from_millis(10);

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    let mut arguments = std::env::args().skip(1);
    let (Some(service), Some(daemon)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: sampler SERVICE DAEMON_ADDRESS");
        return ExitCode::FAILURE;
    };
    let nothing = r#"{"version": 2, "default": {"fixed_target": 0, "rate": 0}}"#;
    let nothing: LocalRules = nothing.parse().expect("good rules");
    let recorder = Recorder::builder(&service)
        .daemon(daemon)
        .centralized_sampling(CentralizedSampling::new().fallback(nothing))
        .build();
    let recorder = match recorder {
        Ok(recorder) => recorder,
        Err(error) => {
            eprintln!("sampler: {error}");
            return ExitCode::FAILURE;
        }
    };

    let enough = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&enough);
    // Nothing but the end of the input follows a line.
    let input = thread::spawn(move || {
        let line = stdin().read_line(&mut String::new());
        told.store(true, Ordering::Relaxed);
        line.is_ok_and(|length| length > 0)
    });
    let (mut second, mut requests, mut sampled) = (now(), 0_u32, 0_u32);
    while !enough.load(Ordering::Relaxed) {
        // The decision falls between two looks at the clock; one that spans seconds is not told apart.
        let before = now();
        if before != second {
            println!("{}", json!({"second": second, "requests": requests, "sampled": sampled}));
            (second, requests, sampled) = (before, 0, 0);
        }
        requests += 1;
        sampled += u32::from(recorder.begin_segment(&service).is_sampled());
        thread::sleep(PAUSE);
    }
    drop(recorder);
    if input.join().is_ok_and(|told| told) {
        println!("{}", json!({"dropped": true}));
        let _ = stdin().read_to_end(&mut Vec::new());
    }
    ExitCode::SUCCESS
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
