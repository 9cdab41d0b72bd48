use std::time::{Duration, Instant};

/// How long a document waits for another that belongs to it: a callee's segment for its caller, and a call marked
/// `traced` for its callee.
pub(super) const GRACE: Duration = Duration::from_secs(10);

/// What is still waited for in one trace.
pub(super) struct Patience<'t> {
    /// When each document came, in the order of the documents.
    arrived: &'t [Instant],
    now: Instant,
    until: Option<Instant>,
}

impl<'t> Patience<'t> {
    pub(super) const fn new(arrived: &'t [Instant], now: Instant) -> Self {
        Self { arrived, now, until: None }
    }

    /// Says whether what this document asks for may still come, and keeps in mind when that ends.
    pub(super) fn waits_for(&mut self, document: usize) -> bool {
        let end = self.arrived[document] + GRACE;
        let waits = self.now < end;
        if waits {
            self.until = Some(self.until.map_or(end, |until| until.min(end)));
        }
        waits
    }

    /// When the first wait ends.
    pub(super) const fn until(&self) -> Option<Instant> {
        self.until
    }
}
