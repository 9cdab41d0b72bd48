//! What pages and their data routes both ask of the store.

use serde::Serialize;

use crate::console::Console;
use crate::filter::{Filter, FilterError};
use crate::store::{Store, Trace, TraceSummary, View, Window};
use crate::text::visible;

/// Rows of a list of traces.
pub(crate) const ROWS: usize = 200;

/// The ranges that the map offers, with their words.
pub(crate) const RANGES: [(&str, &str, Window); 4] = [
    ("1m", "1 min", Window::Last(std::time::Duration::from_secs(60))),
    ("5m", "5 min", Window::Last(std::time::Duration::from_secs(300))),
    ("15m", "15 min", Window::Last(Window::LONGEST)),
    ("all", "All", Window::All),
];

/// The range by its name, five minutes for any other.
pub(crate) fn range(name: Option<&str>) -> (&'static str, Window) {
    let known = RANGES.iter().find(|(key, ..)| Some(*key) == name).unwrap_or(&RANGES[1]);
    (known.0, known.2)
}

/// A list of traces, newest first, and how many there are of them.
#[derive(Debug, Serialize)]
pub(crate) struct Traces {
    pub(crate) revision: u64,
    pub(crate) kept: usize,
    /// How many match; `None` for a list of changes.
    pub(crate) matching: Option<usize>,
    pub(crate) traces: Vec<TraceSummary>,
}

/// Why a filter text was refused, fit to be shown.
#[derive(Debug, Serialize)]
pub(crate) struct BadFilter {
    pub(crate) message: String,
    /// In bytes of the text.
    pub(crate) offset: usize,
    /// What could have stood there.
    expected: Vec<&'static str>,
    /// The word that was probably meant.
    suggestion: Option<&'static str>,
    /// The text is right, but is not evaluated yet.
    unsupported: bool,
}

impl BadFilter {
    fn of(error: &FilterError) -> Self {
        Self {
            message: visible(&error.to_string()).into_owned(),
            offset: error.offset(),
            expected: error.expected_set().to_vec(),
            suggestion: error.suggestion(),
            unsupported: error.is_unsupported(),
        }
    }
}

/// The traces that match, or those of them that changed after the revision.
pub(crate) fn traces(
    console: &Console,
    filter: &str,
    since: Option<u64>,
) -> Result<Traces, BadFilter> {
    let filter = match filter.trim() {
        "" => None,
        text => Some(Filter::parse(text).map_err(|error| BadFilter::of(&error))?),
    };
    let matches =
        |trace: &&Trace| filter.as_ref().is_none_or(|filter| filter.matches(&View::of(trace)));
    let list = |store: &mut Store| {
        let (revision, kept) = (store.revision(), store.len());
        // A revision of the future belongs to an earlier run.
        if let Some(since) = since.filter(|&since| since <= revision) {
            let mut traces: Vec<_> =
                store.changed_since(since).filter(matches).map(TraceSummary::of).collect();
            traces.sort_unstable_by_key(|trace| std::cmp::Reverse(trace.arrival));
            traces.truncate(ROWS);
            return Traces { revision, kept, matching: None, traces };
        }
        let mut matching = 0;
        let mut traces = Vec::new();
        for trace in store.newest_first().filter(matches) {
            matching += 1;
            if traces.len() < ROWS {
                traces.push(TraceSummary::of(trace));
            }
        }
        Traces { revision, kept, matching: Some(matching), traces }
    };
    Ok(console.shelf().read(list))
}
