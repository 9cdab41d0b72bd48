use std::{
    fmt,
    panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind},
    sync::Arc,
};

use crate::{
    document::Document,
    stats::{Counters, Drop},
};

/// What a [`before_emit`](crate::RecorderBuilder::before_emit) hook says of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It leaves.
    Keep,
    /// It does not, which is counted.
    Drop,
}

#[derive(Clone)]
pub(crate) struct Hook(Arc<Judge>);

type Judge = dyn Fn(&Document<'_>) -> Verdict + Send + Sync;

impl Hook {
    pub(super) fn new(judge: impl Fn(&Document<'_>) -> Verdict + Send + Sync + 'static) -> Self {
        Self(Arc::new(judge))
    }

    /// Whether the document leaves. A hook that panics keeps it: a bug in a filter loses no trace.
    pub(crate) fn keeps(&self, document: &Document<'_>, counters: &Counters) -> bool {
        match catch_unwind(AssertUnwindSafe(|| (self.0)(document))) {
            Ok(Verdict::Keep) => true,
            Ok(Verdict::Drop) => {
                counters.dropped(Drop::Hook, 1);
                false
            }
            Err(_) => {
                if counters.hook_panicked() {
                    crate::logging::error!("the before_emit hook panicked; documents are kept");
                }
                true
            }
        }
    }
}

// Its panics are caught, so a recorder stays usable in code that catches panics of its own.
impl UnwindSafe for Hook {}
impl RefUnwindSafe for Hook {}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}
