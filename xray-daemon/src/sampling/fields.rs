//! Reading a JSON object field by field, so that what is wrong is named by its JSON pointer.

use std::fmt;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pointer: String,
    what: String,
}

impl Wrong {
    pub(crate) fn new(pointer: impl Into<String>, what: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), what: what.into() }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "the document" } else { &self.pointer };
        write!(f, "{pointer} {}", self.what)
    }
}

/// One object. A field that is null counts as absent, as it does for AWS.
#[derive(Debug)]
pub(crate) struct Fields<'v> {
    map: &'v Map<String, Value>,
    at: String,
}

impl<'v> Fields<'v> {
    pub(crate) fn of(value: &'v Value, at: impl Into<String>) -> Result<Self, Wrong> {
        let at = at.into();
        match value.as_object() {
            Some(map) => Ok(Self { map, at }),
            None => Err(Wrong::new(at, "must be an object")),
        }
    }

    /// The pointer of a field.
    pub(crate) fn at(&self, key: &str) -> String {
        format!("{}/{}", self.at, token(key))
    }

    pub(crate) fn wrong(&self, key: &str, what: impl Into<String>) -> Wrong {
        Wrong::new(self.at(key), what)
    }

    /// Refuses fields of any other name, with the name that was probably meant.
    pub(crate) fn known(&self, keys: &[&str]) -> Result<(), Wrong> {
        let Some(key) = self.map.keys().find(|key| !keys.contains(&key.as_str())) else {
            return Ok(());
        };
        let likeness = |known: &&&str| {
            let (known, key) = (known.to_lowercase(), key.to_lowercase());
            strsim::jaro_winkler(&known, &key)
        };
        let nearest = keys.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        Err(match nearest.filter(|near| likeness(near) > 0.8) {
            Some(near) => self.wrong(key, format!("is not known here: did you mean {near}?")),
            None => self.wrong(key, format!("is not known here: known are {}", keys.join(", "))),
        })
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'v Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    pub(crate) fn need<T>(&self, key: &str, value: Option<T>) -> Result<T, Wrong> {
        value.ok_or_else(|| self.wrong(key, "is missing"))
    }

    /// A text of so many characters.
    pub(crate) fn text(
        &self,
        key: &str,
        characters: RangeInclusive<usize>,
    ) -> Result<Option<&'v str>, Wrong> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let fits = |text: &&str| characters.contains(&text.chars().count());
        value.as_str().filter(fits).map(Some).ok_or_else(|| {
            let (least, most) = (characters.start(), characters.end());
            self.wrong(
                key,
                match least {
                    0 => format!("must be a text of at most {most} characters"),
                    _ if least == most => format!("must be a text of exactly {most} characters"),
                    _ => format!("must be a text of {least} to {most} characters"),
                },
            )
        })
    }

    /// A whole number within these bounds.
    pub(crate) fn whole(
        &self,
        key: &str,
        bounds: RangeInclusive<u32>,
    ) -> Result<Option<u32>, Wrong> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number.filter(|number| bounds.contains(number)).map(Some).ok_or_else(|| {
            self.wrong(
                key,
                format!("must be a whole number from {} to {}", bounds.start(), bounds.end()),
            )
        })
    }

    /// A number from 0 to 1.
    pub(crate) fn share(&self, key: &str) -> Result<Option<f64>, Wrong> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let share = value.as_f64().filter(|share| (0.0..=1.0).contains(share));
        share.map(Some).ok_or_else(|| self.wrong(key, "must be a number from 0 to 1"))
    }

    /// An array of at most so many elements.
    pub(crate) fn list(&self, key: &str, most: usize) -> Result<Option<&'v [Value]>, Wrong> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| self.wrong(key, "must be an array"))?;
        if list.len() > most {
            let what = format!("holds {} elements, {most} at most are allowed", list.len());
            return Err(self.wrong(key, what));
        }
        Ok(Some(list))
    }
}

/// A key as part of a pointer (RFC 6901); keys are the writer's, so they are bounded and made visible.
fn token(key: &str) -> String {
    const SHOWN: usize = 64;
    let mut token = String::new();
    for char in key.chars().take(SHOWN) {
        match char {
            '~' => token.push_str("~0"),
            '/' => token.push_str("~1"),
            '"' | '\'' | '\\' => token.push(char),
            _ => token.extend(char.escape_debug()),
        }
    }
    if key.chars().nth(SHOWN).is_some() {
        token.push('…');
    }
    token
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_bounded_and_visible_in_pointers() {
        let value = json!({ "a/b~\n\u{202e}": 1 });
        let fields = Fields::of(&value, "").unwrap();
        assert_eq!(
            fields.known(&["Priority"]).unwrap_err().to_string(),
            "/a~1b~0\\n\\u{202e} is not known here: known are Priority"
        );
        assert_eq!(token(&"x".repeat(70_000)).chars().count(), 65);
    }

    #[test]
    fn a_misspelt_key_gets_a_hint() {
        let value = json!({ "fixedRate": 1 });
        let fields = Fields::of(&value, "/rules/3").unwrap();
        assert_eq!(
            fields.known(&["Priority", "FixedRate"]).unwrap_err().to_string(),
            "/rules/3/fixedRate is not known here: did you mean FixedRate?"
        );
    }
}
