//! REST-XML and the responses of AWS query: `<PublishResponse><PublishResult><MessageId>…`.

use quick_xml::{Reader, escape::resolve_predefined_entity, events::Event};
use serde_json::{Map, Value};

use super::Failure;

/// Levels that are read; what lies deeper is left out.
const MAX_DEPTH: usize = 16;

/// The members of a result, without what is around it.
pub(super) fn members(body: &[u8]) -> Map<String, Value> {
    let Some((root, value)) = read(body) else { return Map::new() };
    let Value::Object(mut members) = value else { return Map::new() };
    let result = root.strip_suffix("Response").map(|operation| format!("{operation}Result"));
    match result.and_then(|result| members.remove(&result)) {
        Some(Value::Object(result)) => result,
        _ => members,
    }
}

/// `<Error>` of S3, `<ErrorResponse><Error>` of AWS query, `<Response><Errors><Error>` of EC2; and the
/// request's id beside or in it.
pub(super) fn failure(body: &[u8]) -> Failure {
    let Some((_, value)) = read(body) else { return Failure::default() };
    let error = [&value["Error"], &value["Errors"]["Error"], &value]
        .into_iter()
        .find(|error| error["Code"].is_string())
        .unwrap_or(&Value::Null);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let ids = [&value["RequestId"], &value["RequestID"], &value["ResponseMetadata"]["RequestId"]];
    Failure {
        code: text(&error["Code"]),
        message: text(&error["Message"]),
        request_id: ids.into_iter().chain([&error["RequestId"]]).find_map(text),
    }
}

/// An element that is open.
struct Open {
    name: String,
    text: String,
    members: Map<String, Value>,
}

/// The root's name and what it holds: a text, or an object in which elements of one name are a list.
fn read(body: &[u8]) -> Option<(String, Value)> {
    let mut reader = Reader::from_str(str::from_utf8(body).ok()?);
    let mut open: Vec<Open> = Vec::new();
    let mut too_deep = 0_usize;
    loop {
        let event = reader.read_event().ok()?;
        match &event {
            Event::Eof => return None,
            Event::Start(_) if too_deep > 0 || open.len() == MAX_DEPTH => too_deep += 1,
            Event::End(_) if too_deep > 0 => too_deep -= 1,
            _ if too_deep > 0 => {}
            Event::Start(element) => {
                let name = element.local_name().as_ref().to_owned();
                open.push(Open { name, text: String::new(), members: Map::new() });
            }
            Event::Empty(element) => {
                let name = element.local_name().as_ref().to_owned();
                add(&mut open.last_mut()?.members, name, Value::from(""));
            }
            Event::Text(text) => push(&mut open, text),
            Event::CData(text) => push(&mut open, text),
            Event::GeneralRef(name) => match name.resolve_char_ref().ok()? {
                Some(char) => push(&mut open, char.encode_utf8(&mut [0; 4])),
                None => push(&mut open, resolve_predefined_entity(name)?),
            },
            Event::End(_) => {
                let Open { name, text, members } = open.pop()?;
                let value =
                    if members.is_empty() { text.trim().into() } else { Value::Object(members) };
                match open.last_mut() {
                    Some(outer) => add(&mut outer.members, name, value),
                    None => return Some((name, value)),
                }
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn push(open: &mut [Open], text: &str) {
    if let Some(open) = open.last_mut() {
        open.text.push_str(text);
    }
}

fn add(members: &mut Map<String, Value>, name: String, value: Value) {
    match members.get_mut(&name) {
        None => drop(members.insert(name, value)),
        Some(Value::Array(list)) => list.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{failure, members};

    #[test]
    fn reads_results() {
        let query = br#"<?xml version="1.0"?>
            <ListTopicsResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
              <ListTopicsResult><Topics><member><TopicArn>a &amp; b&#33;</TopicArn></member><member/></Topics>
              <NextToken/></ListTopicsResult>
              <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>
            </ListTopicsResponse>"#;
        let topics = json!({"member": [{"TopicArn": "a & b!"}, ""]});
        assert_eq!(Value::Object(members(query)), json!({"Topics": topics, "NextToken": ""}));
        assert_eq!(failure(query).request_id.as_deref(), Some("r-1"));
        let rest = b"<ListBucketResult><KeyCount>2</KeyCount></ListBucketResult>";
        assert_eq!(Value::Object(members(rest)), json!({"KeyCount": "2"}));
    }

    #[test]
    fn reads_errors() {
        for body in [
            "<Error><Code>NoSuchKey</Code><Message>no &lt;key&gt;</Message><RequestId>r</RequestId></Error>",
            "<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchKey</Code><Message><![CDATA[no <key>]]></Message></Error><RequestId>r</RequestId></ErrorResponse>",
            "<Response><Errors><Error><Code>NoSuchKey</Code><Message>no &lt;key&gt;</Message></Error></Errors><RequestID>r</RequestID></Response>",
        ] {
            let failure = failure(body.as_bytes());
            assert_eq!(failure.code.as_deref(), Some("NoSuchKey"));
            assert_eq!(failure.message.as_deref(), Some("no <key>"));
            assert_eq!(failure.request_id.as_deref(), Some("r"));
        }
    }

    #[test]
    fn nonsense_is_nothing() {
        let deep = "<a>".repeat(100_000);
        let closed = deep.clone() + &"</a>".repeat(100_000);
        for body in
            ["", "<", "<a", "<a>", "</a>", "<a></b>", "<a>&x;</a>", "<a>&#xffffffff;</a>", &deep]
        {
            assert!(members(body.as_bytes()).is_empty(), "{body:.20}");
            assert!(failure(body.as_bytes()).code.is_none());
        }
        let _ = members(closed.as_bytes());
        let _ = members(b"<a>\xff\xfe</a>");
    }
}
