//! Parameters as they stand in serialised requests and responses, by protocol: no service crate is
//! needed to read them, and none to read those of a service that does not exist yet.

mod form;
mod json;
mod locations;
mod xml;

pub(crate) use json::Object;
pub(crate) use locations::{bucket_of, location};

use aws_smithy_runtime_api::http::Headers;
use serde_json::{Map, Value};

use crate::whitelist::{Parameters, What};

/// Bytes of a body that are read; ours. Queries of DynamoDB and messages of SQS end at 1 MiB.
const MAX_BODY: usize = 1024 * 1024;

/// Bytes of a value that are recorded; ours, so that a call's parameters fit into a document.
const MAX_VALUE: usize = 4096;

/// Bytes of a list of keys; ours. A batch of DynamoDB may name 100 tables.
const MAX_KEYS: usize = 4 * MAX_VALUE;

/// What is recorded of the parameters in a body, by API name.
pub(crate) fn of_body(headers: &Headers, body: &[u8], wanted: &Parameters) -> Map<String, Value> {
    match Protocol::of(headers, body) {
        Some(Protocol::Json) => json::members(start(body), wanted),
        Some(Protocol::Form) if body.len() <= MAX_BODY => pick(form::members(body), wanted),
        Some(Protocol::Xml) if body.len() <= MAX_BODY => pick(xml::members(body), wanted),
        Some(Protocol::Form | Protocol::Xml) | None => Map::new(),
    }
}

/// What a service says of an error in the body of its response.
#[derive(Debug, Default)]
pub(crate) struct Failure {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) request_id: Option<String>,
}

impl Failure {
    pub(crate) fn of_body(headers: &Headers, body: &[u8]) -> Self {
        match Protocol::of(headers, body) {
            Some(Protocol::Json) => json::failure(start(body)),
            Some(Protocol::Xml) if body.len() <= MAX_BODY => xml::failure(body),
            Some(Protocol::Form | Protocol::Xml) | None => Self::default(),
        }
    }
}

/// The request's id in the body of a response, where no header has it.
pub(crate) fn request_id(headers: &Headers, body: &[u8]) -> Option<String> {
    let xml = Protocol::of(headers, body) == Some(Protocol::Xml) && body.len() <= MAX_BODY;
    xml.then(|| xml::failure(body).request_id).flatten()
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Json,
    Form,
    Xml,
}

impl Protocol {
    fn of(headers: &Headers, body: &[u8]) -> Option<Self> {
        if headers.get("content-type") == Some("application/x-www-form-urlencoded") {
            return Some(Self::Form);
        }
        // Servers are careless about the type of JSON and XML, and the first character tells.
        match body.iter().find(|byte| !byte.is_ascii_whitespace())? {
            b'{' => Some(Self::Json),
            b'<' => Some(Self::Xml),
            _ => None,
        }
    }
}

impl What {
    /// What is recorded of a value; `None` if it has not got it, or is too long.
    pub(crate) fn of(self, value: Value) -> Option<Value> {
        match (self, value) {
            (_, Value::Null) => None,
            (Self::Whole, Value::String(text)) => Some(Value::String(shortened(text))),
            (Self::Whole, value) => (value.to_string().len() <= MAX_VALUE).then_some(value),
            (Self::Keys, Value::Object(map)) => {
                keys(map.into_iter().map(|(key, _)| Value::String(key)).collect())
            }
            (Self::Count, Value::Object(map)) => Some(map.len().into()),
            (Self::Count, Value::Array(list)) => Some(list.len().into()),
            (Self::Keys | Self::Count, _) => None,
        }
    }
}

/// A list of keys, unless it is too long: half a list would be wrong.
fn keys(keys: Vec<Value>) -> Option<Value> {
    let keys = Value::Array(keys);
    (keys.to_string().len() <= MAX_KEYS).then_some(keys)
}

fn shortened(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_VALUE));
    text
}

fn start(body: &[u8]) -> &[u8] {
    &body[..body.len().min(MAX_BODY)]
}

fn pick(mut members: Map<String, Value>, wanted: &Parameters) -> Map<String, Value> {
    let picked = wanted.iter().filter_map(|(name, parameter)| {
        Some((name.clone(), parameter.what.of(members.remove(name)?)?))
    });
    picked.collect()
}
