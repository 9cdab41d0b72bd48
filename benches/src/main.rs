//! Measures what sampling costs. `cargo xtask bench` builds this, runs it on one core and says where
//! the official SDK's Python is.

mod check;
mod counts;
mod machine;
mod measure;
mod python;
mod report;

use std::{path::PathBuf, process::ExitCode};

use xray_benches::{CASES, Case, Side, Work};

use counts::{Valgrind, allocations};
use measure::{Contender, Spread, measure};
use python::Python;

/// One line of the table.
pub(crate) struct Figure {
    pub(crate) work: Work,
    pub(crate) by: &'static str,
    pub(crate) side: Side,
    pub(crate) ns: Spread,
    /// `None` where they cannot be counted.
    pub(crate) instructions: Option<f64>,
    pub(crate) allocations: Option<f64>,
}

#[derive(Default)]
struct Options {
    check: bool,
    json: bool,
    python: Option<PathBuf>,
    results: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some("run") => run(&arguments[1..]).map(|()| true),
        _ => options(arguments).and_then(|options| bench(&options)),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("bench: {message}");
            ExitCode::FAILURE
        }
    }
}

fn options(arguments: Vec<String>) -> Result<Options, String> {
    let mut options = Options::default();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let mut path = || arguments.next().map(PathBuf::from);
        match argument.as_str() {
            "--check" => options.check = true,
            "--json" => options.json = true,
            "--python" => options.python = path(),
            "--results" => options.results = path(),
            other => return Err(format!("no option named {other:?}")),
        }
    }
    Ok(options)
}

/// One case and nothing else, for a profiler: `run ID TIMES`.
fn run(arguments: &[String]) -> Result<(), String> {
    let [id, times] = arguments else { return Err("run takes a case and a number".into()) };
    let case = Case::find(id).ok_or_else(|| format!("no case named {id:?}"))?;
    let times = times.parse().map_err(|error| format!("{times:?}: {error}"))?;
    case.make()(times);
    Ok(())
}

/// `false` if a limit is broken.
fn bench(options: &Options) -> Result<bool, String> {
    // A check needs no more of the peers than the one it compares with.
    let wanted = |case: &&Case| {
        let ours = matches!(case.side, Side::Ours { .. });
        !options.check || ours || case.work == Work::UnsampledRequest
    };
    let cases: Vec<_> = CASES.iter().filter(wanted).collect();
    let valgrind = match Valgrind::find() {
        Err(error) if options.check => return Err(error),
        found => found,
    };
    let mut python = options.python.as_deref().map(Python::start).transpose()?;
    let figures = figures(&cases, valgrind.as_ref().ok(), python.as_mut())?;
    if options.json {
        println!("{:#}", report::json(&figures));
    } else {
        println!("{}", report::table(&figures));
    }
    if let Err(error) = &valgrind {
        eprintln!("bench: instructions are not counted: {error}");
    }
    if let Some(path) = &options.results {
        let text = report::page(&figures, python.as_ref().map(|python| &*python.version));
        std::fs::write(path, text)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    let broken = if options.check { check::broken(&figures) } else { Vec::new() };
    for limit in &broken {
        eprintln!("bench: {limit}");
    }
    Ok(broken.is_empty())
}

fn figures(
    cases: &[&'static Case],
    valgrind: Option<&Valgrind>,
    python: Option<&mut Python>,
) -> Result<Vec<Figure>, String> {
    eprintln!("bench: counting allocations and instructions");
    let allocations = allocations()?;
    let mut figures = Vec::new();
    for &case in cases {
        let instructions = valgrind.map(|valgrind| valgrind.instructions(case)).transpose()?;
        let place = CASES.iter().position(|other| std::ptr::eq(other, case));
        figures.push(Figure {
            work: case.work,
            by: case.by,
            side: case.side,
            ns: Spread::default(),
            instructions,
            allocations: place.and_then(|place| allocations.get(place).copied()),
        });
    }
    let mut contenders: Vec<_> = cases.iter().map(|case| Contender::Here(case.make())).collect();
    if let Some(python) = &python {
        for work in Work::ALL.into_iter().filter(|work| python.does(*work)) {
            contenders.push(Contender::Python(work));
            figures.push(Figure {
                work,
                by: python::BY,
                side: Side::Peer,
                ns: Spread::default(),
                instructions: None,
                allocations: None,
            });
        }
    }
    eprintln!("bench: measuring");
    let spreads = measure(&mut contenders, python)?;
    figures.iter_mut().zip(spreads).for_each(|(figure, spread)| figure.ns = spread);
    let place = |figure: &Figure| Work::ALL.iter().position(|work| *work == figure.work);
    figures.sort_by_key(place);
    Ok(figures)
}
