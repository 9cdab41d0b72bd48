//! Runs the contenders in turn, each a program of its own, and writes `benches/RESULTS.md`.
//! `cargo xtask bench` builds them all and starts this.

mod build;
mod build_cost;
mod callgrind;
mod calls;
mod check;
mod contenders;
mod growth;
mod lambda;
mod machine;
mod options;
mod processor;
mod program;
mod ramp;
mod report;
mod requests;
mod sampling;
mod section;
mod servers;
mod sink;
mod spread;
mod table;
mod targets;

use std::process::ExitCode;

pub(crate) use options::Options;
pub(crate) use section::Section;

fn main() -> ExitCode {
    let outcome = Options::parse(std::env::args().skip(1)).and_then(|options| {
        if options.check || options.accept { check::run(&options) } else { bench(&options) }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("bench: {message}");
            ExitCode::FAILURE
        }
    }
}

fn bench(options: &Options) -> Result<(), String> {
    let mut report = report::Report::read(options)?;
    for (name, run) in section::wanted(options)? {
        eprintln!("bench: {name}");
        let section = run(options)?;
        println!("## {}\n\n{}", section.title, section.text);
        report.put(name, section);
        // Kept at once, since a later section may fail.
        report.write(options)?;
    }
    println!("## Targets\n\n{}", targets::text(&report.targets()));
    if options.json {
        // The last line, for programs.
        println!("{}", report.peers());
    }
    Ok(())
}
