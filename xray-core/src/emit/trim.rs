use std::cmp::Reverse;

use serde_json::Value;

use crate::document::{Document, MAX_ANNOTATIONS, MAX_SHORT_TEXT, cut};

/// What stands in place of a value that was too big.
const TRUNCATED: &str = "[truncated]";

/// Stack frames that stay in a document that is too big.
const FRAMES: usize = 10;

/// The document with as much left out as it takes to be at most `limit` bytes of JSON: stack frames
/// beyond ten, then metadata values, the largest first, then queries, then the ends of errors'
/// messages, then annotations that are not indexed; `None` if that does not suffice.
pub(super) fn trim(document: &Document<'_>, limit: usize) -> Option<Value> {
    let mut value = serde_json::to_value(document).ok()?;
    trim_stacks(&mut value);
    let excess = |value: &Value| size(value).saturating_sub(limit);
    match excess(&value) {
        0 => return Some(value),
        bytes => trim_metadata(&mut value, bytes),
    }
    if excess(&value) > 0 {
        trim_query(&mut value);
    }
    if excess(&value) > 0 {
        trim_messages(&mut value);
    }
    if excess(&value) > 0 {
        trim_annotations(&mut value);
    }
    (excess(&value) == 0).then_some(value)
}

fn exceptions(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let exceptions = document.pointer_mut("/cause/exceptions").and_then(Value::as_array_mut);
    exceptions.into_iter().flatten()
}

fn trim_stacks(document: &mut Value) {
    for exception in exceptions(document) {
        let Some(stack) = exception["stack"].as_array_mut().filter(|stack| stack.len() > FRAMES)
        else {
            continue;
        };
        let left_out = (stack.len() - FRAMES) as u64;
        stack.truncate(FRAMES);
        let before = exception["truncated"].as_u64().unwrap_or(0);
        exception["truncated"] = (before + left_out).into();
    }
}

fn trim_messages(document: &mut Value) {
    for exception in exceptions(document) {
        if let Value::String(message) = &mut exception["message"] {
            message.truncate(cut(message, MAX_SHORT_TEXT).len());
        }
    }
}

/// X-Ray indexes so many of a trace.
fn trim_annotations(document: &mut Value) {
    let Some(annotations) = document.get_mut("annotations").and_then(Value::as_object_mut) else {
        return;
    };
    let mut place = 0;
    annotations.retain(|_, _| {
        place += 1;
        place <= MAX_ANNOTATIONS
    });
}

/// Replaces metadata values, the largest first, until so many bytes are gone.
fn trim_metadata(document: &mut Value, mut bytes: usize) {
    let namespaces = document.get_mut("metadata").and_then(Value::as_object_mut);
    let values = namespaces
        .into_iter()
        .flat_map(|namespaces| namespaces.values_mut())
        .filter_map(Value::as_object_mut)
        .flat_map(|values| values.values_mut());
    let mut values: Vec<_> = values.map(|value| (size(value), value)).collect();
    values.sort_by_key(|(size, _)| Reverse(*size));
    for (size, value) in values {
        let saved = size.saturating_sub(TRUNCATED.len() + 2);
        if bytes == 0 || saved == 0 {
            return;
        }
        *value = TRUNCATED.into();
        bytes = bytes.saturating_sub(saved);
    }
}

fn trim_query(document: &mut Value) {
    if let Some(query) = document.pointer_mut("/sql/sanitized_query") {
        *query = TRUNCATED.into();
    }
}

/// Bytes of the value as JSON.
fn size(value: &Value) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Counting does not fail, and a value always serialises.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}
