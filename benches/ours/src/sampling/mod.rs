//! Sampling decisions and what is not sampled; the peers have the same works under the same names.

mod cases;
mod many;

use bench_driver::{Make, Program, Repeat};

const LOCAL: &str = "xray-core, local rules";
const CENTRAL: &str = "xray-core, rules of the service";
const OURS: &str = "xray-core";

/// Runs an operation so many times.
type Run = Box<dyn FnMut(u64)>;

/// Sets an operation up.
type Set = fn() -> Run;

/// In the order of the table.
const CASES: [(&str, &str, Set); 14] = [
    ("decision: 50 rules, hosts differ, no", LOCAL, || cases::local(&many::hosts(0, many::NEVER))),
    ("decision: 50 rules, hosts differ, no", CENTRAL, || {
        cases::central(&many::hosts(0, many::NEVER))
    }),
    ("decision: 50 rules, hosts differ, yes", LOCAL, || {
        cases::local(&many::hosts(0, many::ALWAYS))
    }),
    ("decision: 50 rules, hosts differ, yes", CENTRAL, || {
        cases::central(&many::hosts(0, many::ALWAYS))
    }),
    ("decision: 50 rules, paths differ, no", LOCAL, || cases::local(&many::paths(0, many::NEVER))),
    ("decision: 50 rules, paths differ, no", CENTRAL, || {
        cases::central(&many::paths(0, many::NEVER))
    }),
    ("decision: 50 rules, paths differ, yes", LOCAL, || {
        cases::local(&many::paths(0, many::ALWAYS))
    }),
    ("decision: 50 rules, paths differ, yes", CENTRAL, || {
        cases::central(&many::paths(0, many::ALWAYS))
    }),
    ("decision: 50 rules, reservoir used up, no", LOCAL, || {
        cases::local(&many::hosts(1, many::NEVER))
    }),
    ("decision: 50 rules, reservoir used up, no", CENTRAL, || {
        cases::central(&many::hosts(1, many::NEVER))
    }),
    ("decision: a rate of 5 % alone", LOCAL, || cases::local(&many::none(0.05))),
    ("decision: a rate of 5 % alone", CENTRAL, || cases::central(&many::none(0.05))),
    ("the caller said no: begin, end", OURS, cases::caller_decided),
    ("the rules said no: three subsegments", OURS, cases::unsampled_request),
];

pub(crate) fn program() -> Program {
    let works = CASES.map(|(work, by, make)| {
        let make: Make = Box::new(move || Box::new(Repeat(make())));
        (format!("{work} / {by}"), make)
    });
    Program { version: None, works: works.into() }
}

/// The operation, so many times in a row.
fn repeat(mut operation: impl FnMut() + 'static) -> Run {
    Box::new(move |times| (0..times).for_each(|_| operation()))
}

/// What a request brings along: a trace of a caller's, and a text that differs per request and is
/// therefore lent.
const TRACE: u128 = 0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793;
const PARENT: u64 = 0x5399_5c3f_42cd_8ad8;
const USER: &str = "user-4711";
const CHILDREN: [&str; 3] = ["payments", "database", "render"];
