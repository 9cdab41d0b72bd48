//! Nanoseconds: rounds in turn, so that a machine that gets slower gets slower for all.

use std::time::{Duration, Instant};

use xray_benches::{Run, Work};

use crate::python::Python;

pub(crate) const ROUNDS: usize = 41;

/// How long a round of one contender is at least.
const ROUND: Duration = Duration::from_millis(5);

pub(crate) enum Contender {
    Here(Run),
    Python(Work),
}

/// Nanoseconds per operation, over all rounds.
#[derive(Clone, Copy, Default)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    fn of(mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        Self { median: rounds[rounds.len() / 2], least: rounds[0], most: rounds[rounds.len() - 1] }
    }
}

pub(crate) fn measure(
    contenders: &mut [Contender],
    mut python: Option<&mut Python>,
) -> Result<Vec<Spread>, String> {
    let mut times = Vec::new();
    for contender in &mut *contenders {
        times.push(enough(contender, &mut python)?);
    }
    let mut rounds = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for _ in 0..ROUNDS {
        for (index, contender) in contenders.iter_mut().enumerate() {
            let took = took(contender, &mut python, times[index])?;
            rounds[index].push(took.as_nanos() as f64 / times[index] as f64);
        }
    }
    Ok(rounds.into_iter().map(Spread::of).collect())
}

/// So many operations that they fill a round; they also warm up.
fn enough(contender: &mut Contender, python: &mut Option<&mut Python>) -> Result<u64, String> {
    let mut times = 1;
    while took(contender, python, times)? < ROUND {
        times *= 2;
    }
    Ok(times)
}

fn took(
    contender: &mut Contender,
    python: &mut Option<&mut Python>,
    times: u64,
) -> Result<Duration, String> {
    match contender {
        Contender::Here(run) => {
            let begin = Instant::now();
            run(times);
            Ok(begin.elapsed())
        }
        Contender::Python(work) => match python {
            Some(python) => python.run(*work, times),
            None => Err("no Python to ask".into()),
        },
    }
}
