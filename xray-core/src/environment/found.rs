use serde_json::{Map, Value};

use super::logs::LogGroup;

/// Most bytes of a text that is taken over. The longest true ones, ARNs and names of log groups,
/// have about 512; a block of a few such texts leaves a datagram room for the trace.
const MAX_TEXT: usize = 600;

/// What a plugin has found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The plugin's block under `aws`.
    pub(super) block: Map<String, Value>,
    /// Where the program's log lines go.
    pub(super) logs: Vec<LogGroup>,
}

impl Found {
    /// Adds a text to the block, if there is one worth adding.
    pub(super) fn add(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value.and_then(worth) {
            self.block.insert(key.to_owned(), value.into());
        }
    }
}

/// A text of a metadata service, unless it is empty, far too long or has control characters: a cut
/// ARN would name another resource, so it is left out.
pub(super) fn worth(text: &str) -> Option<&str> {
    let text = text.trim();
    let sound = !text.is_empty() && text.len() <= MAX_TEXT && !text.contains(char::is_control);
    sound.then_some(text)
}

/// A JSON object, as metadata services and their files hold; `of` says whose.
pub(super) fn object(bytes: &[u8], of: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("{of} is not a JSON object: {error}"))
}

/// A field that is a text.
pub(super) fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str)
}
