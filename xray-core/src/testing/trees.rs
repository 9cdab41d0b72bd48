use std::fmt;

use serde_json::Value;

/// Documents as the trees they stand for, whatever way they came in: what left on its own stands
/// under its parent again.
///
/// It is shown as an outline, one entity a line, which a test can compare: the name, and in brackets
/// what is special of `aws`, `remote`, `error`, `throttle`, `fault`, `in progress`.
///
/// ```
/// use serde_json::json;
/// use xray_core::testing::Trees;
///
/// let trees = Trees::of(&[
///     json!({"name": "query", "id": "02", "parent_id": "01", "type": "subsegment", "error": true}),
///     json!({"name": "orders", "id": "01", "subsegments": [{"name": "render", "id": "03"}]}),
/// ]);
/// assert_eq!(trees.to_string(), "orders\n  render\n  query (error)\n");
/// assert_eq!(trees.get("orders/query")["id"], "02");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Trees {
    nodes: Vec<Node>,
    roots: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Node {
    /// Without what lies under it.
    document: Value,
    children: Vec<usize>,
}

impl Trees {
    /// Puts documents together. One whose parent is not among them stands by itself; of two with the
    /// same id, as of an entity that was shown in progress, the later counts.
    #[must_use]
    pub fn of(documents: &[Value]) -> Self {
        let mut trees = Self::default();
        let mut pending: Vec<(Value, Option<usize>)> =
            documents.iter().rev().map(|document| (document.clone(), None)).collect();
        // Documents first, then what is embedded in them, so that the order of siblings stays.
        let mut alone = Vec::new();
        while let Some((mut document, under)) = pending.pop() {
            let embedded = match document.get_mut("subsegments").map(Value::take) {
                Some(Value::Array(embedded)) => embedded,
                _ => Vec::new(),
            };
            if let Some(object) = document.as_object_mut() {
                object.remove("subsegments");
            }
            let known = trees.index_of(&document["id"]);
            let index = known.unwrap_or(trees.nodes.len());
            match known {
                Some(index) => trees.nodes[index].document = document,
                None => {
                    trees.nodes.push(Node { document, children: Vec::new() });
                    match under {
                        Some(parent) => trees.nodes[parent].children.push(index),
                        None => alone.push(index),
                    }
                }
            }
            pending.extend(embedded.into_iter().rev().map(|child| (child, Some(index))));
        }
        for index in alone {
            match trees.index_of(&trees.nodes[index].document["parent_id"]) {
                Some(parent) if parent != index => trees.nodes[parent].children.push(index),
                _ => trees.roots.push(index),
            }
        }
        trees
    }

    /// The entity that a path of names leads to, such as `orders/query`, without what lies under it.
    /// Of several with the same name the first is taken.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Value> {
        let (mut rest, mut level) = (path, &self.roots);
        loop {
            // A name may hold a slash itself.
            let node = level.iter().map(|&index| &self.nodes[index]).find(|node| {
                let name = node.document["name"].as_str().unwrap_or_default();
                rest.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })?;
            let name = node.document["name"].as_str().unwrap_or_default();
            match rest[name.len()..].strip_prefix('/') {
                None => return Some(&node.document),
                Some(deeper) => (rest, level) = (deeper, &node.children),
            }
        }
    }

    /// As [`find`](Self::find).
    ///
    /// # Panics
    /// When there is none; the message shows what there is.
    #[must_use]
    #[track_caller]
    pub fn get(&self, path: &str) -> &Value {
        self.find(path).unwrap_or_else(|| panic!("nothing is recorded as {path:?} in\n{self}"))
    }

    fn index_of(&self, id: &Value) -> Option<usize> {
        let same = |node: &Node| id.is_string() && node.document["id"] == *id;
        self.nodes.iter().position(same)
    }
}

impl fmt::Display for Trees {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pending: Vec<(usize, usize)> =
            self.roots.iter().rev().map(|&root| (root, 0)).collect();
        while let Some((index, depth)) = pending.pop() {
            let Node { document, children } = &self.nodes[index];
            let name = document["name"].as_str().unwrap_or("?");
            write!(f, "{:indent$}{name}", "", indent = 2 * depth)?;
            let namespace = document["namespace"].as_str().filter(|name| *name != "local");
            let flags = ["error", "throttle", "fault", "in_progress"];
            let flags = flags.into_iter().filter(|flag| document[*flag] == true);
            let special: Vec<String> =
                namespace.into_iter().chain(flags).map(|word| word.replace('_', " ")).collect();
            if !special.is_empty() {
                write!(f, " ({})", special.join(", "))?;
            }
            writeln!(f)?;
            pending.extend(children.iter().rev().map(|&child| (child, depth + 1)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Trees;

    #[test]
    fn what_left_on_its_own_stands_under_its_parent() {
        let trees = Trees::of(&[
            json!({"name": "leaf", "id": "3", "parent_id": "2"}),
            json!({"name": "a/b", "id": "1", "namespace": "remote", "subsegments": [
                {"name": "inner", "id": "2", "in_progress": true},
            ]}),
            json!({"name": "inner", "id": "2", "parent_id": "1", "fault": true, "error": true}),
            json!({"name": "stranger", "id": "9", "parent_id": "8"}),
        ]);
        let outline = "a/b (remote)\n  inner (error, fault)\n    leaf\nstranger\n";
        assert_eq!(trees.to_string(), outline);
        assert_eq!(trees.get("a/b/inner/leaf")["id"], "3");
        assert!(trees.find("a").is_none());
        assert!(trees.find("a/b/leaf").is_none());
    }

    #[test]
    fn documents_without_sense_are_shown_and_end() {
        let own_parent = json!({"id": "1", "parent_id": "1"});
        assert_eq!(Trees::of(&[json!(7), own_parent]).to_string(), "?\n?\n");
    }

    #[test]
    #[should_panic(expected = "nothing is recorded as \"cart\" in\norders\n")]
    fn says_what_there_is() {
        let _ = Trees::of(&[json!({"name": "orders", "id": "1"})]).get("cart");
    }
}
