//! AWS query: the parameters are pairs of a form, lists and maps numbered by their names, such as
//! `Entries.member.1.Id` or `Attribute.2.Name`.

use serde_json::{Map, Value};

/// Words that the protocol puts between a list's name and the number.
const BETWEEN: [&str; 2] = ["member", "entry"];

pub(super) fn members(body: &[u8]) -> Map<String, Value> {
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(body) {
        let Some((name, rest)) = name.split_once('.') else {
            members.insert(name.into_owned(), value.into());
            continue;
        };
        let mut steps = rest.split('.').skip_while(|step| BETWEEN.contains(step));
        let Some(number) = steps.next() else { continue };
        let elements = members.entry(name).or_insert_with(|| Value::Object(Map::new()));
        let Some(elements) = elements.as_object_mut() else { continue };
        let element = elements.entry(number).or_insert_with(|| value.clone().into());
        // Of a map the key is what may be recorded.
        if matches!(steps.next(), Some("key" | "Name")) {
            *element = value.into();
        }
    }
    for member in members.values_mut() {
        if let Value::Object(elements) = member {
            *member = Value::Array(std::mem::take(elements).into_iter().map(|(_, v)| v).collect());
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::members;

    #[test]
    fn reads_names_and_numbered_lists() {
        let body = b"Action=PublishBatch&TopicArn=arn%3Aaws%3Asns&Empty=&Entries.member.1.Id=a\
                     &Entries.member.1.Message=x&Entries.member.2.Id=b&Attribute.1.Name=n&Attribute.1.Value=v";
        let expected = json!({
            "Action": "PublishBatch",
            "TopicArn": "arn:aws:sns",
            "Empty": "",
            "Entries": ["a", "b"],
            "Attribute": ["n"],
        });
        assert_eq!(Value::Object(members(body)), expected);
    }

    #[test]
    fn nonsense_is_read_as_well() {
        for body in [&b"=&&..=1&a.=2&a=3&a.1=4"[..], b"%ff%", b"", b"A.member=1&A.member.1=2"] {
            let _ = members(body);
        }
    }
}
