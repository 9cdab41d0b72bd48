use super::Data;
use crate::{emit::lock, sync::Mutex};

/// As many as the worker writes up at a time, and some for those who look into a record before.
const MOST: usize = 128;

/// Bytes past which a record is not worth keeping.
const LARGE: usize = 64 * 1024;

/// Empty records, the last one used on top, which is still near the processor.
#[derive(Debug, Default)]
pub(crate) struct Spares(Mutex<Vec<Box<Data>>>);

impl Spares {
    pub(super) fn take(&self) -> Box<Data> {
        lock(&self.0).pop().unwrap_or_default()
    }

    /// Takes a record back that is not needed any more.
    pub(crate) fn give(&self, mut record: Box<Data>) {
        if record.size() > LARGE {
            return;
        }
        record.clear();
        let mut spares = lock(&self.0);
        if spares.len() < MOST {
            spares.push(record);
        }
    }
}
