//! What it costs to decide, and not to sample.

use serde_json::json;

use crate::{
    Options, Section, callgrind,
    contenders::{self, Contender, Running},
    machine::{Core, pinned, stamp, versions},
    spread::Rounds,
    table::{number, row, table},
};

const ROUNDS: usize = 41;

/// How long a round of one case is at least, in nanoseconds.
const ROUND: f64 = 5e6;

/// Operations whose instructions are counted; allocations need fewer.
pub(crate) const COUNTED: u64 = 5_000;

/// How a script's works are named that have no name of a contender in them.
const PYTHON: &str = "aws-xray-sdk (Python)";

const NOTES: &str = "\
- Time of the processor, of the thread that decides: the median of rounds that the cases take in turn, each of 5 ms or more, on
  one core.
- *ours / this* divides our time, in the first line of the work, by the peer's: of each the least, since whatever else a machine
  does only adds.
- Three subsegments have two annotations each, a text that is lent and a number. *asked first* is code that looks whether a span
  records before it makes its attributes.
- The 50 rules have a literal host and a path that ends in `*`; the last one is for the request. Its rate asks for chance, and
  always gives the same answer. The Python SDK has them as centralized rules.
";

/// A work, by one contender.
struct Case {
    program: usize,
    name: String,
    work: String,
    by: String,
    times: u64,
    rounds: Rounds,
    instructions: f64,
    allocations: f64,
}

pub(crate) fn run(options: &Options) -> Result<Section, String> {
    let mut contenders = vec![contenders::sampling(options), contenders::sampling_peers(options)];
    contenders.extend(contenders::python(options));
    let mut programs = Vec::new();
    for contender in &contenders {
        let mut command = pinned(&contender.command(""), Core::Last);
        programs.push(Running::start(contender.name, &mut command)?);
    }
    let mut cases = cases(&programs);
    for case in &mut cases {
        // So many that they fill a round; they also warm up.
        while programs[case.program].caller(&case.name, case.times)?.total < ROUND {
            case.times *= 2;
        }
    }
    for _ in 0..ROUNDS {
        for case in &mut cases {
            let taken = programs[case.program].caller(&case.name, case.times)?;
            case.rounds.0.push(taken.each());
        }
    }
    let version = programs.iter().map(|program| program.version.clone()).collect::<String>();
    programs.into_iter().try_for_each(Running::end)?;
    for case in &mut cases {
        count(&contenders[case.program], case)?;
    }
    // Those who do the same stand under each other.
    let order: Vec<_> = cases.iter().map(|case| case.work.clone()).collect();
    cases.sort_by_key(|case| order.iter().position(|work| *work == case.work));
    let text = format!(
        "{}\n{}, {version}.\n\n{}\n{NOTES}",
        stamp(),
        versions(&["opentelemetry", "opentelemetry_sdk"]),
        text(&cases),
    );
    let json =
        json!({"rounds": ROUNDS, "figures": cases.iter().map(Case::json).collect::<Vec<_>>()});
    Ok(Section { title: "Sampling".to_owned(), text, json })
}

fn cases(programs: &[Running]) -> Vec<Case> {
    let mut cases = Vec::new();
    for (program, running) in programs.iter().enumerate() {
        // A script also traces requests, which is another section.
        for name in running.works.iter().filter(|name| name.contains(':')) {
            let (work, by) = name.split_once(" / ").unwrap_or((name, PYTHON));
            cases.push(Case {
                program,
                name: name.clone(),
                work: work.to_owned(),
                by: by.to_owned(),
                times: 1,
                rounds: Rounds::default(),
                instructions: f64::NAN,
                allocations: f64::NAN,
            });
        }
    }
    cases
}

fn count(contender: &Contender, case: &mut Case) -> Result<(), String> {
    if contender.is_script {
        return Ok(());
    }
    case.allocations = allocations(contender, &case.name)?;
    if callgrind::find().is_ok() {
        case.instructions = callgrind::instructions(contender, "", &case.name, COUNTED)?;
    }
    Ok(())
}

/// Per operation, without what a thread sets up once.
pub(crate) fn allocations(contender: &Contender, work: &str) -> Result<f64, String> {
    let contender = contender.counting_allocations();
    let mut running = Running::start(contender.name, &mut contender.command(""))?;
    running.caller(work, 1)?;
    let taken = running.caller(work, COUNTED)?;
    running.end()?;
    Ok(taken.each())
}

fn text(cases: &[Case]) -> String {
    let mut rows =
        vec![row(["work", "by", "ns per operation", "instructions", "allocations", "ours / this"])];
    let mut before = "";
    for case in cases {
        // The name of a work stands once, above all who do it.
        let named = before != case.work;
        before = &case.work;
        let ours = cases.iter().find(|other| other.work == case.work && other.program == 0);
        let share = ours
            .filter(|_| case.program != 0)
            .map(|ours| number(ours.rounds.least() / case.rounds.least()));
        rows.push(vec![
            if named { case.work.clone() } else { String::new() },
            case.by.clone(),
            case.rounds.text(),
            number(case.instructions.round()),
            number((case.allocations * 1_000.0).round() / 1_000.0),
            share.unwrap_or_default(),
        ]);
    }
    table(2, &rows)
}

impl Case {
    fn json(&self) -> serde_json::Value {
        json!({
            "work": self.work,
            "by": self.by,
            "ns": self.rounds.json(),
            "instructions": self.instructions.round(),
            "allocations": self.allocations,
        })
    }
}
