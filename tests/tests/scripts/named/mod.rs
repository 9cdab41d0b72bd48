//! The conformance tests of the recording specification, by their names. 11 and 12 need
//! clients of AWS, and stand in `tests/aws/conformance.rs`.

mod environment;
mod headers;
mod lambda;
mod lifecycle;
mod values;

use serde_json::{Value, json};

use crate::drivers::{Outcome, ours, run};

const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
const PARENT: &str = "53995c3f42cd8ad8";

/// Runs lines that follow a recorder that records everything, in a process of its own.
fn play(lines: &[Value]) -> Outcome {
    play_as(&json!({"op": "configure", "service": "orders", "sampling": false}), &[], lines)
}

fn play_as(configure: &Value, variables: &[(&str, &str)], lines: &[Value]) -> Outcome {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let variables: Vec<_> = variables.iter().map(owned).collect();
    let mut outcome = run(ours(), script(configure, lines).as_bytes(), &variables);
    assert_eq!(outcome.answers.remove(0), json!({"ok": true}), "of the configuration");
    outcome
}

fn script(configure: &Value, lines: &[Value]) -> String {
    std::iter::once(configure).chain(lines).map(|line| format!("{line}\n")).collect()
}

fn begin(name: &str) -> Value {
    json!({"op": "begin_segment", "name": name})
}

fn begin_with(header: &str) -> Value {
    let header = header.replace("<r>", ROOT).replace("<p>", PARENT);
    json!({"op": "begin_segment", "name": "orders", "header": header})
}

fn end() -> Value {
    json!({"op": "end_segment"})
}

fn begin_sub(name: &str) -> Value {
    json!({"op": "begin_subsegment", "name": name})
}

fn end_sub() -> Value {
    json!({"op": "end_subsegment"})
}

fn op(name: &str) -> Value {
    json!({"op": name})
}

/// The answer's header, with the ids of this file as `<r>` and `<p>` and the answer's own as `<id>`.
fn header_of(answer: &Value, id: &Value) -> String {
    let value = answer["value"].as_str().unwrap_or_else(|| panic!("no header: {answer}"));
    let value = value.replace(ROOT, "<r>").replace(PARENT, "<p>");
    value.replace(id.as_str().expect("an id"), "<id>")
}

fn names(documents: &[Value]) -> Vec<&str> {
    documents.iter().map(|document| document["name"].as_str().expect("a name")).collect()
}
