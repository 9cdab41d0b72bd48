use serde_json::{Map, Value};
use xray_tests::plain;

use crate::cases::Case;

/// Checks what the client saw: the status line, the header, the body.
pub(crate) fn answer(case: &Case, answer: &str) -> Result<(), String> {
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    let status = head.split(' ').nth(1).unwrap_or("none");
    if status != case.status {
        return Err(format!("status {status}, expected {}: {answer:?}", case.status));
    }
    let header = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("x-amzn-trace-id").then_some(value)
    });
    let matches = match (case.response_header, header) {
        ("*", header) => {
            header.is_some_and(|header| header.starts_with("Root=1-") && header.len() == 40)
        }
        ("", header) => header.is_none(),
        (expected, header) => header == Some(expected),
    };
    if !matches {
        return Err(format!("response header {header:?}, expected {:?}", case.response_header));
    }
    if !answer.contains(case.body) {
        return Err(format!("{:?} is not in {answer:?}", case.body));
    }
    Ok(())
}

/// Compares whole documents after what differs from run to run is made equal.
pub(crate) fn documents(case: &Case, expected: &[Value], actual: &[Value]) -> Result<(), String> {
    let mut normal = actual.to_vec();
    for document in &mut normal {
        let took = normalise(document)?;
        if took < case.at_least {
            return Err(format!("took {took} s, expected at least {} s", case.at_least));
        }
    }
    if normal == expected {
        return Ok(());
    }
    let pretty = |documents: &[Value]| serde_json::to_string_pretty(documents).unwrap_or_default();
    Err(format!("recorded {}\nexpected {}", pretty(&normal), pretty(expected)))
}

/// Replaces ids, times and versions; returns the seconds the entity took.
fn normalise(document: &mut Value) -> Result<f64, String> {
    let mut left = false;
    let took = plain(document, crate::cases::ROOT, &mut |exception: &mut Map<String, Value>| {
        // Frameworks wrap errors in types of their own.
        match exception.get("type").and_then(Value::as_str).unwrap_or_default() {
            "panic" => {}
            // How much had left by then is chance.
            "ClientDisconnected" => left = true,
            _ => drop(exception.remove("type")),
        }
    })?;
    if left && let Some(response) = document["http"]["response"].as_object_mut() {
        response.remove("content_length");
    }
    Ok(took)
}
