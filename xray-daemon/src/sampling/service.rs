//! Answers the calls as the X-Ray service would, with no account.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use hyper::body::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::book::{Book, Pace};
use super::fields::{Fields, Wrong};
use super::report::Report;
use super::rules::SamplingRules;
use super::upstream::Operation;
use crate::error::Error;

/// Where the rules come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    BuiltIn,
    Program,
    File(PathBuf),
}

#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) origin: Origin,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) book: Book,
    /// Why the file is not used as it stands.
    pub(crate) problem: Option<String>,
    /// Calls answered: for rules, and for targets.
    pub(crate) calls: (u64, u64),
}

impl Service {
    pub(crate) fn new(rules: SamplingRules, origin: Origin, pace: Pace) -> Self {
        let book = Book::new(rules, pace, now());
        Self { origin, state: Mutex::new(State { book, problem: None, calls: (0, 0) }) }
    }

    /// The body of the answer, or what is wrong with the request.
    pub(crate) fn answer(&self, operation: Operation, body: &[u8]) -> Result<Bytes, Wrong> {
        // Some clients leave out the body of a call for rules.
        let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
        let body: Value = serde_json::from_slice(body)
            .map_err(|error| Wrong::new("", format!("is not JSON: {error}")))?;
        match operation {
            Operation::Rules => {
                let fields = Fields::of(&body, "")?;
                if fields.get("NextToken").is_some() {
                    return Err(fields.wrong("NextToken", "is unknown: there is one page only"));
                }
                let mut state = self.lock();
                state.calls.0 += 1;
                Ok(json(&state.book.rules()))
            }
            Operation::Targets => {
                let report = Report::read(&body)?;
                let mut state = self.lock();
                state.calls.1 += 1;
                Ok(json(&state.book.targets(&report, now())))
            }
        }
    }

    /// Takes what the file holds now, or tells once why it cannot be used.
    pub(crate) fn reload(&self, read: Result<SamplingRules, Error>) {
        // What is logged may lead to code that looks at us.
        match &read {
            Ok(rules) => log::info!("the sampling rules were read anew: {}", rules.names().count()),
            Err(error) => log::error!("{error}; the last good rules stay in force"),
        }
        let mut state = self.lock();
        state.problem = read.as_ref().err().map(ToString::to_string);
        if let Ok(rules) = read {
            state.book.replace(rules, now());
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in between leaves at worst a report half counted.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

fn json(value: &impl Serialize) -> Bytes {
    // Structs of texts and finite numbers always have a form in JSON.
    serde_json::to_vec(value).unwrap_or_default().into()
}
