//! A strict reader of segment documents: every field has its type, its length and its place.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use xray_core::document::{
    MAX_ANNOTATION_KEY, MAX_ANNOTATION_VALUE, MAX_DATAGRAM, MAX_DEPTH, MAX_EXCEPTION_CHAIN,
    MAX_METADATA_DEPTH, MAX_NAME, MAX_SHORT_TEXT,
};

/// Where a document or a part of it stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// A segment, or a subsegment on its own.
    Top,
    Embedded,
}

/// Reads a datagram; panics where it is not what X-Ray takes.
pub(crate) fn read(datagram: &[u8]) -> Value {
    assert!(datagram.len() <= MAX_DATAGRAM, "{} bytes", datagram.len());
    let text = datagram.strip_prefix(super::support::HEADER).expect("the header line");
    let document: Strict = serde_json::from_slice(text).expect("JSON without repeated keys");
    entity(&document.0, Place::Top, 1);
    document.0
}

fn entity(value: &Value, place: Place, depth: u32) {
    assert!(depth <= MAX_DEPTH, "nested {depth} deep");
    let fields = object(value);
    let streamed = fields.get("type").is_some_and(|kind| kind == "subsegment");
    let embedded = place == Place::Embedded;
    for (key, value) in fields {
        match &**key {
            "name" => name(value),
            "id" => id(value),
            "trace_id" if !embedded => trace_id(value),
            "parent_id" if !embedded => id(value),
            "type" if !embedded => assert_eq!(value, "subsegment"),
            "start_time" | "end_time" => time(value),
            "in_progress" | "error" | "throttle" | "fault" => assert_eq!(value, true, "{key}"),
            "namespace" => assert!(value == "aws" || value == "remote", "{value}"),
            "user" | "origin" => drop(text(value, MAX_SHORT_TEXT)),
            "resource_arn" => drop(text(value, usize::MAX)),
            "http" => http(value),
            "aws" | "sql" | "service" => drop(object(value)),
            "annotations" => annotations(value),
            "metadata" => metadata(value),
            "cause" => cause(value),
            "precursor_ids" => array(value).iter().for_each(id),
            "links" => assert!(array(value).len() <= 100),
            "subsegments" => {
                assert!(!array(value).is_empty(), "an empty list of subsegments");
                array(value).iter().for_each(|child| entity(child, Place::Embedded, depth + 1));
            }
            _ => panic!("a field {key:?} that no entity has there: {value}"),
        }
    }
    let required: &[&str] = match (embedded, streamed) {
        (true, _) => &["name", "id", "start_time"],
        (false, true) => &["name", "id", "start_time", "trace_id", "parent_id"],
        (false, false) => &["name", "id", "start_time", "trace_id", "service", "aws"],
    };
    required.iter().for_each(|key| assert!(fields.contains_key(*key), "no {key}: {value}"));
    match (fields.get("end_time"), fields.get("in_progress")) {
        (Some(end), None) => assert!(end.as_f64() >= fields["start_time"].as_f64(), "{value}"),
        (None, Some(_)) => {}
        other => panic!("either an end or in progress, not {other:?}"),
    }
}

fn name(value: &Value) {
    let name = text(value, MAX_NAME);
    assert!(!name.trim().is_empty(), "a name of nothing");
    let taken = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/%&#=+\\-@".contains(c);
    assert!(name.chars().all(taken), "{name:?}");
}

fn id(value: &Value) {
    let id = text(value, 16);
    assert!(id.len() == 16 && is_hex(id) && id != "0000000000000000", "{id}");
}

fn trace_id(value: &Value) {
    let id = text(value, 35);
    let parts: Vec<&str> = id.split('-').collect();
    let [version, time, random] = parts[..] else { panic!("{id}") };
    assert!(version == "1" && time.len() == 8 && random.len() == 24, "{id}");
    assert!(is_hex(time) && is_hex(random), "{id}");
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn time(value: &Value) {
    let seconds = value.as_f64().expect("a number");
    assert!((0.0..1e11).contains(&seconds), "{seconds}");
}

fn http(value: &Value) {
    for (part, fields) in object(value) {
        for (key, value) in object(fields) {
            match (&**part, &**key) {
                ("request", "method" | "client_ip") => drop(text(value, MAX_SHORT_TEXT)),
                ("request", "url" | "user_agent") => drop(text(value, 4096)),
                ("request", "x_forwarded_for" | "traced") => assert_eq!(value, true),
                ("response", "status" | "content_length") => assert!(value.is_u64()),
                other => panic!("a field {other:?} that http does not have"),
            }
        }
    }
}

fn annotations(value: &Value) {
    for (key, value) in object(value) {
        let taken = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        assert!(!key.is_empty() && key.len() <= MAX_ANNOTATION_KEY && key.bytes().all(taken));
        match value {
            Value::String(_) => drop(text(value, MAX_ANNOTATION_VALUE)),
            Value::Number(_) | Value::Bool(_) => {}
            other => panic!("annotation {key} is {other}"),
        }
    }
}

fn metadata(value: &Value) {
    for (namespace, values) in object(value) {
        assert!(!namespace.starts_with("AWS."), "{namespace}");
        object(values).values().for_each(|value| assert!(depth(value) <= MAX_METADATA_DEPTH));
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

fn cause(value: &Value) {
    if value.is_string() {
        return id(value);
    }
    let fields = object(value);
    let exceptions = array(&fields["exceptions"]);
    assert!(!exceptions.is_empty() && exceptions.len() <= MAX_EXCEPTION_CHAIN);
    for exception in exceptions {
        for (key, value) in object(exception) {
            match &**key {
                "id" | "cause" => id(value),
                "message" => drop(text(value, 4096)),
                "type" => drop(text(value, usize::MAX)),
                "remote" => assert_eq!(value, true),
                "truncated" | "skipped" => assert!(value.as_u64() > Some(0)),
                "stack" => assert!(array(value).iter().all(|frame| frame["line"].is_u64())),
                _ => panic!("a field {key:?} that no exception has"),
            }
        }
        assert!(exception.get("id").is_some());
    }
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}"))
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no array: {value}"))
}

fn text(value: &Value, chars: usize) -> &str {
    let text = value.as_str().unwrap_or_else(|| panic!("no text: {value}"));
    assert!(text.chars().count() <= chars, "{} characters", text.chars().count());
    text
}

/// A value in which no object has a key twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some((key, Strict(value))) = map.next_entry::<String, Strict>()? {
            if fields.insert(key.clone(), value).is_some() {
                return Err(A::Error::custom(format!("{key:?} is there twice")));
            }
        }
        Ok(Value::Object(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}
