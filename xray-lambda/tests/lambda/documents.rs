//! Documents in a form that can be compared whole: ids and times are what differs from run to run.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::headers::{PARENT, ROOT};

/// Each id becomes `<the name of what has it>`, ids of exceptions `<exception>`, and times, after a look at
/// their order, go.
pub(crate) fn comparable(documents: &[Value]) -> Vec<Value> {
    let mut names = HashMap::new();
    documents.iter().for_each(|document| name(document, &mut names));
    documents.iter().map(|document| cleaned(document, &names)).collect()
}

fn name(entity: &Value, names: &mut HashMap<String, String>) {
    let text = |key: &str| entity[key].as_str().unwrap().to_owned();
    names.insert(text("id"), format!("<{}>", text("name")));
    children(entity).for_each(|child| name(child, names));
}

fn children(entity: &Value) -> impl Iterator<Item = &Value> {
    entity.get("subsegments").and_then(Value::as_array).into_iter().flatten()
}

fn cleaned(entity: &Value, names: &HashMap<String, String>) -> Value {
    let mut fields: Map<String, Value> = entity.as_object().unwrap().clone();
    let start = fields.remove("start_time").unwrap().as_f64().unwrap();
    match fields.remove("end_time") {
        Some(end) => assert!(end.as_f64().unwrap() >= start, "{entity}"),
        None => assert_eq!(fields["in_progress"], true, "{entity}"),
    }
    for key in ["id", "parent_id"] {
        if let Some(Value::String(id)) = fields.get_mut(key)
            && let Some(name) = names.get(id)
        {
            id.clone_from(name);
        }
    }
    if let Some(cause) = fields.get_mut("cause").and_then(Value::as_object_mut) {
        cause.remove("working_directory");
        for exception in cause["exceptions"].as_array_mut().unwrap() {
            let exception = exception.as_object_mut().unwrap();
            exception.remove("id");
            // That there is a cause is shown by the one that follows.
            exception.remove("cause");
        }
    }
    if let Some(subsegments) = fields.get_mut("subsegments").and_then(Value::as_array_mut) {
        subsegments.iter_mut().for_each(|child| *child = cleaned(child, names));
    }
    fields.into()
}

/// The document of a subsegment that left on its own, as [`comparable`] has it.
pub(crate) fn part(name: &str, parent: &str, fields: Value) -> Value {
    let document = json!({
        "name": name,
        "id": format!("<{name}>"),
        "type": "subsegment",
        "trace_id": ROOT,
        "parent_id": parent,
    });
    with(document, fields)
}

/// The document of a process's first invocation.
pub(crate) fn handler(fields: Value) -> Value {
    let annotations = json!({"cold_start": true, "request_id": "r-1"});
    with(part("handler", PARENT, json!({"annotations": annotations})), fields)
}

pub(crate) fn with(mut object: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("{fields} are no fields") };
    object.as_object_mut().unwrap().extend(fields);
    object
}
