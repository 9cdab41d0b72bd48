//! The setters: from JSON to calls of the SDK. What the SDK takes no such value for is dropped here.

use serde_json::{Map, Value};
use xray_core::document::{HttpRequest, Link};
use xray_core::{AnnotationValue, Entity, Sql};

use super::line::{self, Fields, KeyValue};

pub(super) fn annotate(on: &Entity, keys: &KeyValue) {
    match annotation(&keys.value) {
        Some(value) => on.annotate(&keys.key, value),
        None => log::warn!("annotation {:?} dropped: {} is no value", keys.key, keys.value),
    }
}

fn annotation(value: &Value) -> Option<AnnotationValue<'_>> {
    Some(match value {
        Value::String(text) => text.into(),
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => number.as_f64()?.into(),
        },
        Value::Object(map) => special_float(map)?.into(),
        Value::Null | Value::Array(_) => return None,
    })
}

/// `{"$float":"NaN"}`: the numbers that JSON has no form for.
fn special_float(map: &Map<String, Value>) -> Option<f64> {
    let name = map.get("$float").filter(|_| map.len() == 1)?;
    match name.as_str()? {
        "NaN" => Some(f64::NAN),
        "inf" => Some(f64::INFINITY),
        "-inf" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

pub(super) fn metadata(on: &Entity, keys: &line::Metadata) {
    match &keys.namespace {
        Some(namespace) => on.metadata_in(namespace, &keys.key, &keys.value),
        None => on.metadata(&keys.key, &keys.value),
    }
}

pub(super) fn http(on: &Entity, keys: &line::Http) {
    let request = keys.request.as_ref();
    let known = ["method", "url", "user_agent", "client_ip", "x_forwarded_for", "traced"];
    let block = Block { fields: request, name: "http.request", known: &known };
    block.warn_of_unknown();
    on.http(HttpRequest {
        method: block.text("method"),
        url: block.text("url"),
        user_agent: block.text("user_agent"),
        client_ip: block.text("client_ip"),
        x_forwarded_for: block.is_true("x_forwarded_for"),
        traced: block.is_true("traced"),
    });
    let known = ["status", "content_length"];
    let block = Block { fields: keys.response.as_ref(), name: "http.response", known: &known };
    block.warn_of_unknown();
    if let Some(value) = block.get("status") {
        status(on, value);
    }
    if let Some(value) = block.get("content_length") {
        match unsigned(value) {
            Some(bytes) => on.content_length(bytes),
            None => block.drop("content_length", value),
        }
    }
}

pub(super) fn status(on: &Entity, value: &Value) {
    match unsigned(value).and_then(|status| u16::try_from(status).ok()) {
        Some(status) => on.http_response(status),
        None => log::warn!("status {value} dropped: it is no status"),
    }
}

/// A whole number, also one in a text.
fn unsigned(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

pub(super) fn aws(on: &Entity, keys: &Fields) {
    for (key, value) in &keys.fields {
        on.aws(key, value.clone());
    }
}

pub(super) fn service(on: &Entity, keys: &Fields) {
    for (key, value) in &keys.fields {
        on.service(key, value.clone());
    }
}

pub(super) fn sql(on: &Entity, keys: &Fields) {
    let known = [
        "url",
        "connection_string",
        "sanitized_query",
        "database_type",
        "database_version",
        "driver_version",
        "user",
        "preparation",
    ];
    let block = Block { fields: Some(&keys.fields), name: "sql", known: &known };
    block.warn_of_unknown();
    let text = |key| block.text(key).map(Into::into);
    on.sql(Sql {
        url: text("url"),
        connection_string: text("connection_string"),
        sanitized_query: text("sanitized_query"),
        database_type: text("database_type"),
        database_version: text("database_version"),
        driver_version: text("driver_version"),
        user: text("user"),
        preparation: text("preparation"),
    });
}

pub(super) fn precursor(on: &Entity, keys: &line::Precursor) {
    match keys.id.parse() {
        Ok(id) => on.precursor(id),
        Err(error) => log::warn!("precursor dropped: {error}"),
    }
}

pub(super) fn flag(on: &Entity, keys: &line::Flag) {
    if let Some(fault) = keys.fault {
        on.set_fault(fault);
    }
    if let Some(error) = keys.error {
        on.set_error(error);
    }
    if let Some(throttle) = keys.throttle {
        on.set_throttle(throttle);
    }
}

pub(super) fn link(on: &Entity, keys: &line::Link) {
    match (keys.trace_id.parse(), keys.id.parse()) {
        (Ok(trace_id), Ok(id)) => on.link(Link { trace_id, id }),
        (Err(error), _) | (_, Err(error)) => log::warn!("link dropped: {error}"),
    }
}

/// An object of a line whose keys are the SDK's fields.
struct Block<'a> {
    fields: Option<&'a Map<String, Value>>,
    name: &'static str,
    known: &'a [&'static str],
}

impl<'a> Block<'a> {
    fn warn_of_unknown(&self) {
        let keys = self.fields.into_iter().flat_map(Map::keys);
        for key in keys.filter(|key| !self.known.contains(&key.as_str())) {
            log::warn!("{}: {key:?} is not known and is dropped", self.name);
        }
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.fields?.get(key).filter(|value| !value.is_null())
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        let value = self.get(key)?;
        if !value.is_string() {
            self.drop(key, value);
        }
        value.as_str()
    }

    fn is_true(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| *value == true)
    }

    fn drop(&self, key: &str, value: &Value) {
        log::warn!("{}: {key:?} is dropped, as it cannot be {value}", self.name);
    }
}
