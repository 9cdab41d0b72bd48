use serde_json::{Value, json};

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
fn normalise(entity: &mut Value) -> Result<f64, String> {
    let Some(fields) = entity.as_object_mut() else { return Err("not an object".into()) };
    let start =
        fields.remove("start_time").and_then(|time| time.as_f64()).ok_or("no start_time")?;
    let end = fields.remove("end_time").and_then(|time| time.as_f64()).ok_or("no end_time")?;
    if end < start {
        return Err(format!("ends at {end}, before its start {start}"));
    }
    let id = fields.get("id").and_then(Value::as_str).unwrap_or_default();
    if id.len() != 16 {
        return Err(format!("id {id:?}"));
    }
    fields.remove("id");
    if fields.remove("service").is_some_and(|service| service["runtime"] != "rustc") {
        return Err("service.runtime is not rustc".into());
    }
    if let Some(sdk) = fields.remove("aws")
        && sdk["xray"]["sdk"] != "X-Ray for Rust"
    {
        return Err(format!("aws {sdk}"));
    }
    // A given trace is compared, a new one is not.
    if fields.get("trace_id").is_some_and(|id| id != crate::cases::ROOT) {
        fields.insert("trace_id".into(), json!("new"));
    }
    let mut left = false;
    if let Some(cause) = fields.get_mut("cause") {
        cause.as_object_mut().map(|cause| cause.remove("working_directory"));
        for exception in cause["exceptions"].as_array_mut().into_iter().flatten() {
            let exception = exception.as_object_mut().ok_or("an exception is no object")?;
            exception.remove("id");
            // Stacks are there only where the environment asks for them.
            exception.remove("stack");
            exception.remove("truncated");
            // Frameworks wrap errors in types of their own.
            let kind = exception.get("type").and_then(Value::as_str).unwrap_or_default();
            match kind {
                "panic" => {}
                // How much had left by then is chance.
                "ClientDisconnected" => left = true,
                _ => drop(exception.remove("type")),
            }
        }
    }
    if left && let Some(response) = fields["http"]["response"].as_object_mut() {
        response.remove("content_length");
    }
    for child in fields.get_mut("subsegments").and_then(Value::as_array_mut).into_iter().flatten() {
        normalise(child)?;
    }
    Ok(end - start)
}
