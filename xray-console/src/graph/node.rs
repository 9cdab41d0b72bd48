use serde::Serialize;

/// Names beyond this many characters are cut; X-Ray allows 200.
const NAME: usize = 500;

/// What makes a node: its name and its type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub(crate) struct NodeKey {
    pub(crate) name: Box<str>,
    /// `None` for a service that names no origin.
    pub(crate) kind: Option<Box<str>>,
}

impl NodeKey {
    pub(crate) const CLIENT: &'static str = "client";
    pub(crate) const DATABASE: &'static str = "Database::SQL";
    pub(crate) const REMOTE: &'static str = "remote";

    pub(crate) fn new(name: &str, kind: Option<&str>) -> Self {
        let cut = |text: &str| {
            Box::from(text.char_indices().nth(NAME).map_or(text, |(end, _)| &text[..end]))
        };
        Self { name: cut(name), kind: kind.map(cut) }
    }
}
