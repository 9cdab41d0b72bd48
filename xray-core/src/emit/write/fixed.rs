use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    document::AnnotationValue,
    record::{service, xray},
};

/// What is the same in all segments of a recorder, as JSON fields.
#[derive(Debug)]
pub(crate) struct Fixed {
    /// The block `service`, of a segment whose user said nothing of it.
    pub(super) service: Vec<u8>,
    /// The field `xray` of `aws`, without its last brace: the sampling rule may follow.
    pub(super) xray: Vec<u8>,
    /// The recorder's annotations: each key once, with the field.
    pub(super) annotations: Vec<(String, Vec<u8>)>,
}

impl Fixed {
    pub(crate) fn of(
        version: Option<&str>,
        annotations: &[(String, AnnotationValue<'static>)],
    ) -> Self {
        let mut xray = field("xray", &xray(None));
        xray.pop();
        let mut fixed = Self {
            service: field("service", &service(version, None)),
            xray,
            annotations: Vec::new(),
        };
        for (key, value) in annotations {
            if fixed.annotations.iter().all(|(known, _)| known != key) {
                fixed.annotations.push((key.clone(), field(key, value)));
            }
        }
        fixed
    }
}

/// The fields of an object as JSON, each with a comma before it.
pub(crate) fn fields(object: &Map<String, Value>) -> Vec<u8> {
    object.iter().flat_map(|(key, value)| field(key, value)).collect()
}

/// The field as JSON, with a comma before it.
fn field(key: &str, value: &impl Serialize) -> Vec<u8> {
    let mut json = vec![b','];
    // Texts, numbers and JSON values always serialise, and writing to memory does not fail.
    let written = serde_json::to_writer(&mut json, key).and_then(|()| {
        json.push(b':');
        serde_json::to_writer(&mut json, value)
    });
    if written.is_err() {
        json.clear();
    }
    json
}
