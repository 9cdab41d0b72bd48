//! What the detail panel shows of one entity, read from the raw bytes when it is asked for.

use serde::Serialize;
use serde_json::value::RawValue;
use simd_json::{Node, StaticNode};

use super::parse::places;
use super::tape::At;
use super::{Document, pretty, tape};

/// One entity as it stands in its document.
#[derive(Debug, Serialize)]
pub(crate) struct Detail {
    /// The JSON object, without its `subsegments`.
    entity: Box<RawValue>,
    /// The whole document, indented.
    raw: String,
}

impl Document {
    /// The entity at this place of [`list`](Self::list).
    pub(crate) fn detail(&self, index: usize) -> Option<Detail> {
        let entity = self.with_root(|root| {
            let (value, _) = *places(root)?.get(index)?;
            json(value, "subsegments")
        })?;
        Some(Detail { entity, raw: pretty::indent(&self.raw) })
    }

    /// All exceptions of the entity that describes the one with this id.
    pub(crate) fn exceptions_with(&self, id: &str) -> Option<Box<RawValue>> {
        self.with_root(|root| {
            let mut causes = places(root)?
                .into_iter()
                .filter_map(|(value, _)| value.get("cause")?.get("exceptions"));
            let described = |list: &At<'_, '_>| {
                list.elements().any(|exception| {
                    exception.get("id").and_then(At::text).is_some_and(|own| own == id)
                })
            };
            json(causes.find(described)?, "")
        })
    }

    /// The id under `cause`, where the exception is described elsewhere: bare, or as the SDK for Node writes it.
    pub(crate) fn cause_elsewhere(&self, index: usize) -> Option<String> {
        self.with_root(|root| {
            let cause = places(root)?.get(index)?.0.get("cause")?;
            cause.text().or_else(|| cause.get("id")?.text()).map(str::to_owned)
        })
    }

    fn with_root<R>(&self, read: impl FnOnce(At<'_, '_>) -> Option<R>) -> Option<R> {
        tape::read(&self.raw, read)?
    }
}

/// Writes a value as JSON, leaving out a key of the outermost object. Keeps its own stack.
fn json(value: At<'_, '_>, without: &str) -> Option<Box<RawValue>> {
    enum Step<'t, 'i> {
        Value(At<'t, 'i>),
        Key(&'i str, At<'t, 'i>),
        Text(&'static str),
    }
    let mut out = Vec::new();
    let mut steps = vec![Step::Value(value)];
    while let Some(step) = steps.pop() {
        let value = match step {
            Step::Text(text) => {
                out.extend_from_slice(text.as_bytes());
                continue;
            }
            Step::Key(key, value) => {
                serde_json::to_writer(&mut out, key).ok()?;
                out.push(b':');
                value
            }
            Step::Value(value) => value,
        };
        match value.node()? {
            Node::String(text) => serde_json::to_writer(&mut out, text).ok()?,
            Node::Static(StaticNode::Null) => out.extend_from_slice(b"null"),
            Node::Static(StaticNode::Bool(bool)) => serde_json::to_writer(&mut out, &bool).ok()?,
            Node::Static(StaticNode::F64(number)) => {
                serde_json::to_writer(&mut out, &number).ok()?;
            }
            Node::Static(StaticNode::I64(number)) => {
                serde_json::to_writer(&mut out, &number).ok()?;
            }
            Node::Static(StaticNode::U64(number)) => {
                serde_json::to_writer(&mut out, &number).ok()?;
            }
            Node::Array { .. } => {
                out.push(b'[');
                let first = steps.len();
                for element in value.elements() {
                    steps.extend([Step::Value(element), Step::Text(",")]);
                }
                close(&mut steps, first, "]", Step::Text);
            }
            Node::Object { .. } => {
                out.push(b'{');
                let first = steps.len();
                let outermost = first == 0;
                for (key, field) in value.fields().filter(|(key, _)| !outermost || *key != without)
                {
                    steps.extend([Step::Key(key, field), Step::Text(",")]);
                }
                close(&mut steps, first, "}", Step::Text);
            }
        }
    }
    return RawValue::from_string(String::from_utf8(out).ok()?).ok();

    /// The steps from `first` on are in reading order, each with a comma behind it; the last comma becomes the
    /// bracket, and the stack wants them turned around.
    fn close<T>(
        steps: &mut Vec<T>,
        first: usize,
        bracket: &'static str,
        text: impl Fn(&'static str) -> T,
    ) {
        if steps.len() > first {
            steps.pop();
        }
        steps.push(text(bracket));
        steps[first..].reverse();
    }
}
