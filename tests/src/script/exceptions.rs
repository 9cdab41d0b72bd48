//! `exception`: error values that the script names, so that the same one can be recorded again.

use xray_core::document::Exception;

use super::line::{self, Named};

/// An error value.
pub(super) struct Known {
    exception: Exception,
    /// The key of what caused it, which is older.
    cause: Option<String>,
}

/// Makes the error of this key, if this is the key's first use.
pub(super) fn define(known: &mut Named<Known>, keys: &line::Exception) -> Result<(), String> {
    let cause = keys.cause.as_ref().map(|key| {
        let cause = known.get(key).map(|known| &known.exception);
        cause.ok_or_else(|| format!("no exception has the key {key:?} so far"))
    });
    let cause = cause.transpose()?;
    if known.contains_key(&keys.key) {
        return Ok(());
    }
    let mut exception = Exception::new(keys.kind.clone(), keys.message.clone());
    if let Some(cause) = cause {
        exception = exception.caused_by(cause);
    }
    if keys.remote == Some(true) {
        exception = exception.remote();
    }
    for frame in keys.stack.iter().flatten() {
        exception = exception.frame(frame.path.clone(), frame.line, frame.label.clone());
    }
    known.insert(keys.key.clone(), Known { exception, cause: keys.cause.clone() });
    Ok(())
}

/// The error of this key, followed by those that caused it.
pub(super) fn chain(known: &Named<Known>, key: &str) -> Vec<Exception> {
    let next = |known_one: &&Known| known.get(known_one.cause.as_ref()?);
    std::iter::successors(known.get(key), next).map(|known| known.exception.clone()).collect()
}
