use std::{
    fmt,
    sync::{Arc, PoisonError},
    time::Duration,
};

use serde_json::Value;

use crate::{
    emit::{Emitter, Record, lock},
    stats::Counters,
    sync::{Condvar, Mutex},
};

/// Keeps every document as a JSON value. A clone shares the documents.
///
/// ```
/// use xray_core::{Delivery, Recorder, sample::LocalRules, testing::MemoryEmitter};
///
/// let memory = MemoryEmitter::new();
/// let xray = Recorder::builder("orders")
///     .emitter(memory.clone())
///     .delivery(Delivery::Inline)
///     .sampling_rules(LocalRules::everything())
///     .build()?;
///
/// xray.begin_segment("orders").annotate("paid", true);
///
/// let documents = memory.take();
/// assert_eq!(documents[0]["annotations"]["paid"], true);
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct MemoryEmitter {
    kept: Arc<(Mutex<Vec<Value>>, Condvar)>,
}

impl MemoryEmitter {
    /// An emitter that has kept nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what was emitted so far.
    #[must_use]
    pub fn take(&self) -> Vec<Value> {
        std::mem::take(&mut *lock(&self.kept.0))
    }

    /// Waits until `count` documents were emitted, at most for `timeout`, and takes them; fewer if
    /// the time was over.
    #[must_use]
    pub fn wait(&self, count: usize, timeout: Duration) -> Vec<Value> {
        let kept = lock(&self.kept.0);
        let waited = self.kept.1.wait_timeout_while(kept, timeout, |kept| kept.len() < count);
        std::mem::take(&mut *waited.unwrap_or_else(PoisonError::into_inner).0)
    }
}

impl Emitter for MemoryEmitter {
    fn emit(&mut self, records: &[Record], counters: &Counters) {
        let documents = records.iter().flat_map(Record::documents);
        // A document holds text keys and finite numbers only, so it always becomes a value.
        let values: Vec<Value> = documents.flat_map(serde_json::to_value).collect();
        counters.sent(values.len() as u64, 0);
        lock(&self.kept.0).extend(values);
        self.kept.1.notify_all();
    }
}

impl fmt::Debug for MemoryEmitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryEmitter")
    }
}
