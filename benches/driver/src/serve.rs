use std::{
    io::{self, BufRead, Write},
    str::FromStr,
};

use serde_json::{Value, json};

use crate::{Meter, Taken};

/// Something that can be asked for by name.
pub trait Work {
    /// What about so many operations take of the thread that does them.
    fn caller(&mut self, times: u64, meter: Meter) -> Taken;

    /// What they take of the whole process, done by so many threads.
    fn process(&mut self, times: u64, threads: u64) -> Value {
        let _ = (times, threads);
        json!({"error": "this work has no figure of the whole process"})
    }
}

/// Sets a work up, which is not part of what is measured.
pub type Make = Box<dyn FnOnce() -> Box<dyn Work>>;

/// What a program can do. A work is set up when it is first asked for.
pub struct Program {
    /// Lines such as the version of a language: `None` if the lock file says it all.
    pub version: Option<String>,
    pub works: Vec<(String, Make)>,
}

/// An operation without anything around it.
pub struct Repeat(pub Box<dyn FnMut(u64)>);

impl Work for Repeat {
    fn caller(&mut self, times: u64, meter: Meter) -> Taken {
        Taken { total: meter(&mut || measured_burst(&mut self.0, times)), operations: times }
    }
}

/// See the function of this name for requests.
#[inline(never)]
fn measured_burst(run: &mut dyn FnMut(u64), times: u64) {
    run(times);
}

enum Slot {
    Ready(Box<dyn Work>),
    Later(Make),
}

/// Says what it is and which works it has, a line each; then reads lines
/// `MEASURE<tab>WORK<tab>TIMES<tab>THREADS` until its input ends and answers each with a line of JSON.
/// `MEASURE` is `caller`, of the thread that works, or `process`.
pub fn serve(program: Program, meter: Meter) {
    let names: Vec<_> = program.works.iter().map(|(name, _)| name.clone()).collect();
    let mut slots: Vec<_> =
        program.works.into_iter().map(|(_, make)| Some(Slot::Later(make))).collect();
    say(&program.version.unwrap_or_default());
    say(&names.join("\t"));
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        let words: Vec<_> = line.split('\t').collect();
        let [measure, name, times, threads] = words[..] else {
            say(&json!({"error": format!("not a command: {line:?}")}).to_string());
            continue;
        };
        let Some(place) = names.iter().position(|known| known == name) else {
            say(&json!({"error": format!("no work named {name:?}")}).to_string());
            continue;
        };
        let mut work = match slots[place].take() {
            Some(Slot::Ready(work)) => work,
            Some(Slot::Later(make)) => make(),
            None => return,
        };
        let (times, threads) = (number(times), number(threads));
        let answer = match measure {
            "caller" => {
                let Taken { total, operations } = work.caller(times, meter);
                json!({"total": total, "operations": operations})
            }
            "process" => work.process(times, threads),
            other => json!({"error": format!("no measure named {other:?}")}),
        };
        slots[place] = Some(Slot::Ready(work));
        say(&answer.to_string());
    }
}

fn number<N: FromStr + From<u8>>(text: &str) -> N {
    text.parse().unwrap_or_else(|_| 1.into())
}

fn say(line: &str) {
    let mut output = io::stdout().lock();
    // Whoever asks may have gone; the next line read says so.
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
