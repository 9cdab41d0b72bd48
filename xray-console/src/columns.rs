//! A trace for the waterfall: one array per field, so that ten thousand rows stay small and quick to read.

use std::collections::HashMap;

use serde::Serialize;

use crate::document::{LONGEST, Namespace};
use crate::store::{Trace, TraceSummary};
use crate::text::{SHOWN, shown};

/// Rows sent; the page says so when there are more.
const ROWS: usize = 100_000;

/// The spans of a trace, in the order of the rows. A name is its place in `names`.
#[derive(Debug, Serialize)]
pub(crate) struct Columns {
    pub(crate) revision: u64,
    pub(crate) summary: TraceSummary,
    pub(crate) names: Vec<String>,
    /// The id, or `n` and the row where there is none.
    pub(crate) key: Vec<String>,
    pub(crate) name: Vec<usize>,
    /// The service that the span is part of.
    pub(crate) service: Vec<usize>,
    /// Milliseconds after the first start.
    pub(crate) start: Vec<f64>,
    /// Milliseconds; -1 while in progress.
    pub(crate) length: Vec<f64>,
    pub(crate) depth: Vec<u32>,
    /// The row of the parent; -1 for none.
    pub(crate) parent: Vec<i64>,
    /// 0 ok, 1 error, 2 throttle, 3 fault.
    pub(crate) class: Vec<u8>,
    /// The bits below.
    pub(crate) flags: Vec<u8>,
    /// HTTP status; 0 for none.
    pub(crate) status: Vec<u16>,
}

impl Columns {
    pub(crate) const SEGMENT: u8 = 1;
    pub(crate) const AWS: u8 = 2;
    pub(crate) const REMOTE: u8 = 4;
    pub(crate) const SQL: u8 = 8;
    pub(crate) const CAUSE: u8 = 16;
    pub(crate) const DETACHED: u8 = 32;

    pub(crate) fn of(trace: &Trace) -> Self {
        let (documents, spans) = (trace.documents(), trace.assembly().spans());
        let first =
            spans.iter().map(|span| span.entity(documents).start).fold(f64::INFINITY, f64::min);
        let mut names = Names::default();
        let none = names.place("");
        let rows = spans.len().min(ROWS);
        let mut columns = Self {
            revision: trace.revision(),
            summary: TraceSummary::of(trace),
            names: Vec::new(),
            key: Vec::with_capacity(rows),
            name: Vec::with_capacity(rows),
            service: Vec::with_capacity(rows),
            start: Vec::with_capacity(rows),
            length: Vec::with_capacity(rows),
            depth: Vec::with_capacity(rows),
            parent: Vec::with_capacity(rows),
            class: Vec::with_capacity(rows),
            flags: Vec::with_capacity(rows),
            status: Vec::with_capacity(rows),
        };
        for (row, span) in spans.iter().take(ROWS).enumerate() {
            let entity = span.entity(documents);
            let service = span.segment.map(|segment| spans[segment as usize].entity(documents));
            columns.key.push(if entity.id.is_zero() {
                format!("n{row}")
            } else {
                entity.id.to_string()
            });
            columns.name.push(names.place(&entity.name));
            columns.service.push(service.map_or(none, |service| names.place(&service.name)));
            columns.start.push(millis(entity.start - first));
            columns.length.push(entity.duration().map_or(-1.0, millis));
            columns.depth.push(span.depth);
            columns.parent.push(span.parent.map_or(-1, i64::from));
            columns.class.push(entity.class as u8);
            columns.status.push(entity.facts().status.unwrap_or(0));
            let namespace = match entity.namespace {
                Namespace::Local => 0,
                Namespace::Aws => Self::AWS,
                Namespace::Remote => Self::REMOTE,
            };
            let flag = |on: bool, bit| if on { bit } else { 0 };
            columns.flags.push(
                namespace
                    | flag(span.is_segment(documents), Self::SEGMENT)
                    | flag(entity.sql, Self::SQL)
                    | flag(entity.cause, Self::CAUSE)
                    | flag(span.detached, Self::DETACHED),
            );
        }
        columns.names = names.list;
        columns
    }
}

/// To the microsecond, and never beyond what can be drawn.
fn millis(seconds: f64) -> f64 {
    (seconds.clamp(0.0, LONGEST) * 1e6).round() / 1e3
}

#[derive(Default)]
struct Names<'t> {
    list: Vec<String>,
    places: HashMap<&'t str, usize>,
}

impl<'t> Names<'t> {
    fn place(&mut self, name: &'t str) -> usize {
        *self.places.entry(name).or_insert_with(|| {
            self.list.push(shown(name, SHOWN).into_owned());
            self.list.len() - 1
        })
    }
}
