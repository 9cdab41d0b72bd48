//! The trace in messages, events and executions, so that whoever gets them can continue it.
//!
//! The SDK's input is of a type that only the service's crate knows, so the serialised body is changed,
//! before it is signed. What the user has set stays.

use serde_json::{Value, json, value::RawValue};
use xray_core::{header::TraceHeader, message::AWS_TRACE_HEADER};

use crate::wire::Object;

/// Bytes of a body that is changed; ours. A batch of SQS and of EventBridge has at most 1 MiB.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// The body with the trace header in it; `None` if it stays as it is.
pub(crate) fn carrying(
    service: &str,
    operation: &str,
    body: &[u8],
    header: impl FnOnce() -> Option<TraceHeader>,
) -> Option<String> {
    let (list, place) = match (service, operation) {
        ("sqs", "SendMessage") => (false, Place::SystemAttribute),
        ("sqs", "SendMessageBatch") => (true, Place::SystemAttribute),
        ("eventbridge", "PutEvents") => (true, Place::Member("TraceHeader", 500)),
        ("sfn", "StartExecution" | "StartSyncExecution") => {
            (false, Place::Member("traceHeader", 256))
        }
        _ => return None,
    };
    let text = std::str::from_utf8(body).ok().filter(|text| text.len() <= MAX_BODY)?;
    let header = place.text_of(header()?)?;
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
    /// And the most characters that it may have, by the API reference of the service, which refuses the
    /// user's call where there are more.
    Member(&'static str, usize),
    /// Of a message; it counts in none of SQS's limits.
    SystemAttribute,
}

impl Place {
    /// The header as far as there is room: what a caller has added to it goes first.
    fn text_of(self, mut header: TraceHeader) -> Option<String> {
        let text = header.to_string();
        let Self::Member(_, most) = self else { return Some(text) };
        // It is ASCII.
        if text.len() <= most {
            return Some(text);
        }
        header.data = None;
        Some(header.to_string()).filter(|text| text.len() <= most)
    }

    fn fill(self, text: &str, header: &str) -> Option<String> {
        let object = Object::read(text)?;
        match self {
            Self::Member(name, _) => match object.member(name) {
                Some(_) => None,
                None => object.with(name, &Value::from(header).to_string()),
            },
            Self::SystemAttribute => {
                const NAME: &str = "MessageSystemAttributes";
                let attributes = Object::read(object.member(NAME).unwrap_or("{}"))?;
                if attributes.member(AWS_TRACE_HEADER).is_some() {
                    return None;
                }
                let value = json!({"DataType": "String", "StringValue": header}).to_string();
                object.with(NAME, &attributes.with(AWS_TRACE_HEADER, &value)?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{TraceHeader, carrying};

    const HEADER: &str =
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    fn header() -> Option<TraceHeader> {
        Some(TraceHeader::parse(HEADER))
    }

    fn carried(service: &str, operation: &str, body: &Value) -> Option<Value> {
        let body = body.to_string();
        let text = carrying(service, operation, body.as_bytes(), header)?;
        Some(serde_json::from_str(&text).expect("it is still JSON"))
    }

    #[test]
    fn what_the_caller_added_goes_where_there_is_no_room() {
        let carried = |service, operation, body: &str, name: &str, header: &str| {
            let header = || Some(TraceHeader::parse(header));
            let text = carrying(service, operation, body.as_bytes(), header).expect("a body");
            let body: Value = serde_json::from_str(&text).expect("it is still JSON");
            body.pointer(name).and_then(Value::as_str).expect("a header").to_owned()
        };
        // One pair more, of a length that makes `len` characters of the header.
        let of = |len: usize| format!("{HEADER};A={}", "v".repeat(len - HEADER.len() - 3));
        let execution =
            |header: &str| carried("sfn", "StartExecution", "{}", "/traceHeader", header);
        assert_eq!(execution(&of(256)), of(256));
        assert_eq!(execution(&of(257)), HEADER);

        let event = |header: &str| {
            let body = r#"{"Entries":[{}]}"#;
            carried("eventbridge", "PutEvents", body, "/Entries/0/TraceHeader", header)
        };
        assert_eq!(event(&of(257)), of(257));
        // As long as a header may be, in many pairs.
        let long = format!("{HEADER}{}", ";a=b".repeat(128));
        assert_eq!(event(&long), HEADER);

        let name = "/MessageSystemAttributes/AWSTraceHeader/StringValue";
        assert_eq!(carried("sqs", "SendMessage", "{}", name, &long), long);
    }

    #[test]
    fn fills_what_the_user_has_not_set() {
        let ours = json!({"DataType": "String", "StringValue": HEADER});
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
            Some(json!({"Entries": [{"TraceHeader": HEADER}, {"TraceHeader": "x"}]})),
        );
        assert_eq!(
            carried("sfn", "StartExecution", &json!({"input": "{}", "traceHeader": null})),
            Some(json!({"input": "{}", "traceHeader": HEADER})),
        );
    }

    #[test]
    fn leaves_everything_else_alone() {
        assert_eq!(carried("sns", "Publish", &json!({"Message": "m"})), None);
        assert_eq!(carried("sqs", "SendMessage", &json!([1])), None);
        assert_eq!(carried("sqs", "SendMessageBatch", &json!({"Entries": {}})), None);
        for body in [&b"\xff"[..], b"", b"{", b"{}x", &[b' '; 3 * 1024 * 1024]] {
            assert_eq!(carrying("sqs", "SendMessage", body, header), None);
        }
        assert_eq!(carrying("sqs", "SendMessage", b"{}", || None), None);
    }
}
