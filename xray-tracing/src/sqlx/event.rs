use std::{fmt, time::Duration};

use tracing::{
    Event,
    field::{Field, Visit},
};
use xray_core::{Entity, sql::SqlTarget};

/// The first words of the statement; all of it where `db.statement` is empty.
const SUMMARY: &str = "summary";

const STATEMENT: &str = "db.statement";

/// What an event measures.
#[derive(Debug, Default)]
pub(super) struct Figures {
    elapsed: f64,
    affected: Option<u64>,
    returned: Option<u64>,
    /// The statement stands in the field of its own.
    long: bool,
}

impl Figures {
    pub(super) fn of(event: &Event<'_>) -> Self {
        let mut figures = Self::default();
        event.record(&mut figures);
        figures
    }

    /// Anybody can log an event like this one, with any number.
    pub(super) fn elapsed(&self) -> Duration {
        Duration::try_from_secs_f64(self.elapsed).unwrap_or_default()
    }

    pub(super) fn record_rows(&self, query: &Entity) {
        for (key, rows) in [("rows_affected", self.affected), ("rows_returned", self.returned)] {
            if let Some(rows) = rows {
                query.metadata_in("sqlx", key, rows);
            }
        }
    }
}

impl Visit for Figures {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.elapsed = value;
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "rows_affected" => self.affected = Some(value),
            "rows_returned" => self.returned = Some(value),
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.long |= field.name() == STATEMENT && !value.trim_ascii().is_empty();
    }

    // What is formatted is not needed.
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Hands the statement on as it lies in the event, without a copy.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    field: &'static str,
    target: &'a SqlTarget,
    query: &'a Entity,
    found: bool,
}

impl<'a> Statement<'a> {
    pub(super) fn describe(
        event: &Event<'_>,
        figures: &Figures,
        target: &'a SqlTarget,
        query: &'a Entity,
    ) {
        let field = if figures.long { STATEMENT } else { SUMMARY };
        let mut statement = Self { field, target, query, found: false };
        event.record(&mut statement);
        if !statement.found {
            target.describe(query, "");
        }
    }
}

impl Visit for Statement<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == self.field && !self.found {
            self.found = true;
            self.target.describe(self.query, value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
