//! The trace in messages, events and executions, so that whoever gets them can continue it.
//!
//! The SDK's input is of a type that only the service's crate knows, so the serialised body is changed,
//! before it is signed. What the user has set stays.

use serde_json::{Value, json, value::RawValue};

use crate::wire::Object;

/// Bytes of a body that is changed; ours. A batch of SQS and of EventBridge has at most 1 MiB.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// What SQS calls the message's system attribute.
pub(crate) const ATTRIBUTE: &str = "AWSTraceHeader";

/// The body with the trace header in it; `None` if it stays as it is.
pub(crate) fn carrying(
    service: &str,
    operation: &str,
    body: &[u8],
    header: impl FnOnce() -> Option<String>,
) -> Option<String> {
    let (list, place) = match (service, operation) {
        ("sqs", "SendMessage") => (false, Place::SystemAttribute),
        ("sqs", "SendMessageBatch") => (true, Place::SystemAttribute),
        ("eventbridge", "PutEvents") => (true, Place::Member("TraceHeader")),
        ("sfn", "StartExecution" | "StartSyncExecution") => (false, Place::Member("traceHeader")),
        _ => return None,
    };
    let text = std::str::from_utf8(body).ok().filter(|text| text.len() <= MAX_BODY)?;
    let header = header()?;
    if !list {
        return place.fill(text, &header);
    }
    let object = Object::read(text)?;
    let entries: Vec<&RawValue> = serde_json::from_str(object.member("Entries")?).ok()?;
    let filled: Vec<String> = entries
        .iter()
        .map(|entry| place.fill(entry.get(), &header).unwrap_or_else(|| entry.get().to_owned()))
        .collect();
    object.with("Entries", &format!("[{}]", filled.join(",")))
}

#[derive(Clone, Copy)]
enum Place {
    Member(&'static str),
    /// Of a message; it counts in none of SQS's limits.
    SystemAttribute,
}

impl Place {
    fn fill(self, text: &str, header: &str) -> Option<String> {
        let object = Object::read(text)?;
        match self {
            Self::Member(name) => match object.member(name) {
                Some(_) => None,
                None => object.with(name, &Value::from(header).to_string()),
            },
            Self::SystemAttribute => {
                const NAME: &str = "MessageSystemAttributes";
                let attributes = Object::read(object.member(NAME).unwrap_or("{}"))?;
                if attributes.member(ATTRIBUTE).is_some() {
                    return None;
                }
                let value = json!({"DataType": "String", "StringValue": header}).to_string();
                object.with(NAME, &attributes.with(ATTRIBUTE, &value)?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::carrying;

    fn carried(service: &str, operation: &str, body: &Value) -> Option<Value> {
        let body = body.to_string();
        let text = carrying(service, operation, body.as_bytes(), || Some("Root=1".into()))?;
        Some(serde_json::from_str(&text).expect("it is still JSON"))
    }

    #[test]
    fn fills_what_the_user_has_not_set() {
        let ours = json!({"DataType": "String", "StringValue": "Root=1"});
        let theirs = json!({"DataType": "String", "StringValue": "Root=2"});
        assert_eq!(
            carried("sqs", "SendMessage", &json!({"MessageBody": "{}"})),
            Some(json!({"MessageBody": "{}", "MessageSystemAttributes": {"AWSTraceHeader": ours}})),
        );
        let set = json!({"MessageSystemAttributes": {"AWSTraceHeader": theirs}});
        assert_eq!(carried("sqs", "SendMessage", &set), None);
        let batch = json!({"QueueUrl": "q", "Entries": [
            {"Id": "a", "MessageSystemAttributes": {"Other": theirs}},
            {"Id": "b", "MessageSystemAttributes": {"AWSTraceHeader": theirs}},
        ]});
        assert_eq!(
            carried("sqs", "SendMessageBatch", &batch),
            Some(json!({"QueueUrl": "q", "Entries": [
                {"Id": "a", "MessageSystemAttributes": {"Other": theirs, "AWSTraceHeader": ours}},
                {"Id": "b", "MessageSystemAttributes": {"AWSTraceHeader": theirs}},
            ]})),
        );
        assert_eq!(
            carried("eventbridge", "PutEvents", &json!({"Entries": [{}, {"TraceHeader": "x"}]})),
            Some(json!({"Entries": [{"TraceHeader": "Root=1"}, {"TraceHeader": "x"}]})),
        );
        assert_eq!(
            carried("sfn", "StartExecution", &json!({"input": "{}", "traceHeader": null})),
            Some(json!({"input": "{}", "traceHeader": "Root=1"})),
        );
    }

    #[test]
    fn leaves_everything_else_alone() {
        assert_eq!(carried("sns", "Publish", &json!({"Message": "m"})), None);
        assert_eq!(carried("sqs", "SendMessage", &json!([1])), None);
        assert_eq!(carried("sqs", "SendMessageBatch", &json!({"Entries": {}})), None);
        for body in [&b"\xff"[..], b"", b"{", b"{}x", &[b' '; 3 * 1024 * 1024]] {
            assert_eq!(carrying("sqs", "SendMessage", body, || Some("Root=1".into())), None);
        }
        assert_eq!(carrying("sqs", "SendMessage", b"{}", || None), None);
    }
}
