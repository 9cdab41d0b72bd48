//! AWS JSON and REST-JSON: the parameters are the members of one object.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, value::RawValue};

use super::Failure;
use crate::whitelist::{Parameters, What};

/// What is recorded of an object's members. Of what is cut off or broken, what stands before that.
pub(super) fn members(body: &[u8], wanted: &Parameters) -> Map<String, Value> {
    let mut found = Map::new();
    let mut reader = serde_json::Deserializer::from_slice(body);
    // Its end is an error where all was found early, which is no failure.
    let _ = reader.deserialize_map(Members { wanted, found: &mut found });
    found
}

pub(super) fn failure(body: &[u8]) -> Failure {
    let Ok(mut members) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return Failure::default();
    };
    let mut text = |names: &[&str]| {
        names.iter().find_map(|name| match members.remove(*name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        })
    };
    Failure {
        code: text(&["__type", "code", "Code", "error"]),
        message: text(&["message", "Message", "errorMessage"]),
        request_id: None,
    }
}

struct Members<'a> {
    wanted: &'a Parameters,
    found: &'a mut Map<String, Value>,
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while self.found.len() < self.wanted.len() {
            let Some(name) = map.next_key::<String>()? else { break };
            match self.wanted.get(&name) {
                Some(parameter) => {
                    if let Some(value) = map.next_value_seed(parameter.what)? {
                        self.found.insert(name, value);
                    }
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Reads keys and counts without keeping what they stand for, which may be long.
impl<'de> DeserializeSeed<'de> for What {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        match self {
            Self::Whole => Ok(self.of(serde::Deserialize::deserialize(reader)?)),
            Self::Keys | Self::Count => reader.deserialize_any(Sized(self)),
        }
    }
}

/// Visits a list or a map.
struct Sized(What);

impl<'de> Visitor<'de> for Sized {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or a map")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut count = 0_u64;
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok((self.0 == What::Count).then(|| count.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut keys = Vec::new();
        while let Some((key, _)) = map.next_entry::<String, IgnoredAny>()? {
            keys.push(Value::String(key));
        }
        Ok(if self.0 == What::Keys { super::keys(keys) } else { Some(keys.len().into()) })
    }
}

/// An object as it is written, of which one member can be changed without writing the others anew.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    text: &'a str,
    members: Vec<(String, &'a RawValue)>,
}

impl<'a> Object<'a> {
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        struct Ordered;
        impl<'de> Visitor<'de> for Ordered {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let members = reader.deserialize_map(Ordered).ok()?;
        reader.end().ok()?;
        Some(Self { text, members })
    }

    pub(crate) fn member(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.members.iter().find(|(member, _)| member == name)?;
        Some(value.get()).filter(|text| *text != "null")
    }

    /// The object's text with a member that is added, or has another value.
    pub(crate) fn with(&self, name: &str, value: &str) -> Option<String> {
        if let Some((_, old)) = self.members.iter().find(|(member, _)| member == name) {
            // Both are texts of the same buffer.
            let begin = old.get().as_ptr().addr() - self.text.as_ptr().addr();
            let end = begin + old.get().len();
            return Some([&self.text[..begin], value, &self.text[end..]].concat());
        }
        let open = self.text.trim_end().strip_suffix('}')?;
        let comma = if self.members.is_empty() { "" } else { "," };
        Some([open, comma, &Value::from(name).to_string(), ":", value, "}"].concat())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Object, members};
    use crate::whitelist::Whitelist;

    fn recorded(operation: &str, body: &[u8]) -> Value {
        let whitelist = Whitelist::default();
        let listed = whitelist.operation("dynamodb", operation).expect("it is listed");
        Value::Object(members(body, &listed.request))
    }

    #[test]
    fn reads_values_keys_and_counts() {
        let body = br#"{"RequestItems": {"t2": {"Keys": []}, "t1": null}, "Other": [[{}]]}"#;
        assert_eq!(recorded("BatchGetItem", body), json!({"RequestItems": ["t2", "t1"]}));
        let body = br#"{"TableName":"t","ConsistentRead":true,"ProjectionExpression":null}"#;
        assert_eq!(recorded("GetItem", body), json!({"TableName": "t", "ConsistentRead": true}));
    }

    #[test]
    fn what_is_cut_off_or_broken_keeps_its_start() {
        for body in [
            &br#"{"TableName":"t","Item":{"a":{"S":"xxxx"#[..],
            br#"{"TableName":"t","ConsistentRead":}"#,
            b"{\"TableName\":\"t\",\"x\":\"\xff\xfe\"}",
        ] {
            assert_eq!(recorded("GetItem", body), json!({"TableName": "t"}));
        }
        // Half a list of tables would be wrong, not incomplete.
        let body = br#"{"RequestItems": {"t1": {}, "t2": {"#;
        assert_eq!(recorded("BatchGetItem", body), json!({}));
        for body in ["", "7", "[1]", "{", "{\"TableName\":{\"a\":1", &"[".repeat(100_000)] {
            assert_eq!(recorded("GetItem", body.as_bytes()), json!({}));
        }
    }

    #[test]
    fn long_values_are_cut_or_left_out() {
        let long = "é".repeat(5000);
        let body = json!({"TableName": long, "ConsistentRead": [long]}).to_string();
        let recorded = recorded("GetItem", body.as_bytes());
        assert_eq!(recorded["TableName"].as_str().map(str::len), Some(4096));
        assert_eq!(recorded.as_object().map(serde_json::Map::len), Some(1));
    }

    #[test]
    fn one_member_changes_and_the_rest_stays_as_it_is_written() {
        let object = Object::read(r#"{ "a" : 1.50, "b":{"c":"\u00e9"} } "#).expect("an object");
        assert_eq!(object.member("b"), Some(r#"{"c":"\u00e9"}"#));
        assert_eq!(object.with("a", "2").as_deref(), Some(r#"{ "a" : 2, "b":{"c":"\u00e9"} } "#));
        let added = r#"{ "a" : 1.50, "b":{"c":"\u00e9"} ,"n\"":7}"#;
        assert_eq!(object.with("n\"", "7").as_deref(), Some(added));
        assert_eq!(
            Object::read("{}").and_then(|o| o.with("a", "1")).as_deref(),
            Some(r#"{"a":1}"#)
        );
        assert!(Object::read("[]").is_none() && Object::read("{} x").is_none());
    }
}
